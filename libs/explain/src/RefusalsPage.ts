import { chapters } from "./Catalogue.ts"

/** docs/refusals.md: one entry for each code, under a heading whose fragment is the code. */
export const refusalsMarkdown = (): string => {
  const lines = [
    "# Refusals: each code with its cause and cure",
    "",
    "Every refusal has a code: in events and strangers as `code`, in problems of the HTTP APIs behind `urn:roost:problem:`. `link` leads to",
    "the entry, which the registry serves at `/refusals`. `GET /v1/products/{pk}/devices/{dk}/why` and `GET /v1/why?address=` name the codes of",
    "one device or address in their order.",
    "",
    "<!-- Made from libs/explain/src/catalogue by `node libs/explain/src/writePage.ts`; a test compares. -->"
  ]
  for (const { about, entries, title } of chapters) {
    lines.push("", `## ${title}`, "", wrapped(about, ""))
    for (const [code, { cause, cure, sentence }] of Object.entries(entries)) {
      const entry = [wrapped(sentence, ""), "", wrapped(`- Cause: ${cause}`, "  "), wrapped(`- Cure: ${cure}`, "  ")]
      lines.push("", `### ${code}`, "", ...entry)
    }
  }
  return `${lines.join("\n")}\n`
}

/** Columns of a page in the repository. */
const columnsMax = 140

/** Lines behind the first one begin with `indent`. */
const wrapped = (text: string, indent: string): string => {
  const lines: Array<string> = []
  let line = ""
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columnsMax) {
      lines.push(line)
      line = indent + word
    } else line = line === "" ? word : `${line} ${word}`
  }
  return [...lines, line].join("\n")
}

/** The same for a browser. Nothing from elsewhere, and no script. */
export const refusalsHtml = (): string => {
  const sections = chapters.map(({ about, entries, title }) => {
    const articles = Object.entries(entries).map(
      ([code, { cause, cure, sentence }]) =>
        `<article id="${code}"><h3><a href="#${code}">${code}</a></h3><p>${escapeHtml(sentence)}</p>` +
        `<dl><dt>Cause</dt><dd>${escapeHtml(cause)}</dd><dt>Cure</dt><dd>${escapeHtml(cure)}</dd></dl></article>`
    )
    return `<section><h2>${title}</h2><p>${escapeHtml(about)}</p>${articles.join("")}</section>`
  })
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
    `<title>Refusals of Roost</title><style>${style}</style></head><body><main><h1>Refusals</h1>` +
    `<p>Each code of events, strangers and problems, with its cause and cure.</p>${sections.join("")}</main></body></html>`
  )
}

/** The page's one style; `sha256-` of it is in its Content-Security-Policy. */
const style =
  "body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:46rem;padding:2rem 1rem;color-scheme:light dark}" +
  "h3{font:600 1rem/1.5 ui-monospace,monospace;margin:2rem 0 0}a{color:inherit;text-decoration:none}a:hover{text-decoration:underline}" +
  "p{margin:.25rem 0}dl{display:grid;grid-template-columns:4rem 1fr;gap:.25rem 1rem;margin:.25rem 0}dt{opacity:.65}dd{margin:0}" +
  "article:target{outline:2px solid;outline-offset:.5rem;border-radius:.25rem}"

const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")
