/** HTML that may stand in a page as it is. Only `html` and `raw` make it, so text from elsewhere can't become markup unnoticed. */
export class Markup {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

/** The contents between `html`'s pieces: text and numbers are escaped, markup is not, `undefined` is nothing. */
export type Content = string | number | undefined | Markup | ReadonlyArray<Content>

/** A template of markup: html`<p>${text}</p>`. */
export const html = (pieces: TemplateStringsArray, ...contents: ReadonlyArray<Content>): Markup =>
  new Markup(pieces.map((piece, i) => (i === 0 ? piece : textOf(contents[i - 1]) + piece)).join(""))

/** Scripts and styles of this repository. */
export const raw = (text: string): Markup => new Markup(text)

/** JSON in a script element, which no text in it can end. */
export const jsonScript = (id: string, data: unknown): Markup =>
  html`<script id="${id}" type="application/json">
    ${raw(JSON.stringify(data).replaceAll("<", "\\u003c"))}
  </script>`

const textOf = (content: Content): string => {
  if (content === undefined) return ""
  if (content instanceof Markup) return String(content)
  if (typeof content === "object") return content.map(textOf).join("")
  return String(content).replaceAll(/[&<>"']/g, (character) => entities[character]!)
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}
