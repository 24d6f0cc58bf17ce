import { type Content, html, type Markup } from "./Markup.ts"

export type Tone = "good" | "bad"

export interface Tile {
  readonly value: Content
  readonly name: string
  readonly tone?: Tone
}

/** The figures that a reader looks for first. */
export const tilesOf = (tiles: ReadonlyArray<Tile>): Markup =>
  html`<div class="tiles">
    ${tiles.map(({ name, tone, value }) => html`<div class="tile"><b class="${tone}">${value}</b><span>${name}</span></div>`)}
  </div>`

export interface Table {
  /** Without it the table has no head. */
  readonly head?: ReadonlyArray<Content>
  /** The first cell of a row names it. */
  readonly rows: ReadonlyArray<ReadonlyArray<Content>>
  /** Numbers stand at the right, which is what they do without it. */
  readonly of?: "numbers" | "text"
}

/** A table that scrolls by itself where it is wider than the page. */
export const tableOf = ({ head, of = "numbers", rows }: Table): Markup => {
  const cells = (row: ReadonlyArray<Content>) =>
    row.map((cell, i) => (i === 0 ? html`<th scope="row">${cell}</th>` : html`<td>${cell}</td>`))
  const names = head?.map((cell) => html`<th scope="col">${cell}</th>`)
  return html`<div class="wide">
    <table class="${of}">
      ${
        names === undefined
          ? undefined
          : html`<thead>
              <tr>
                ${names}
              </tr>
            </thead>`
      }
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${cells(row)}
            </tr>`
        )}
      </tbody>
    </table>
  </div>`
}

/** A heading and what stands below it. */
export const sectionOf = (title: Content, content: Content): Markup =>
  html`<section>
    <h2>${title}</h2>
    ${content}
  </section>`

/** Room for the plot that the page's script draws into the element `id`. */
export const plotOf = (id: string, title: Content): Markup =>
  sectionOf(title, html`<div id="${id}" class="plot"></div>`)

export const listOf = (items: ReadonlyArray<Content>): Markup | undefined =>
  items.length === 0
    ? undefined
    : html`<ul>
        ${items.map((item) => html`<li>${item}</li>`)}
      </ul>`

/** A line that a reader must not overlook. */
export const noticeOf = (what: string, text: Content): Markup => html`<p class="notice"><b>${what}:</b> ${text}</p>`

/** Text in which `…` between backticks is code, as in Markdown. */
export const proseOf = (text: string): Content =>
  text.split("`").map((part, i) => (i % 2 === 0 ? part : html`<code>${part}</code>`))
