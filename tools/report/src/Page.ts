import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { type Content, html, jsonScript, raw } from "./Markup.ts"

export interface Page {
  readonly title: string
  /** Below the title: how the figures came about. */
  readonly lead?: Content
  readonly body: Content
  /** Rules of this page alone, beside those of page.css. */
  readonly style?: string
  /** The page's drawing: its script finds `report` and `plots` (plots.js), which is uPlot in the page's colours. */
  readonly drawing?: { readonly report: unknown; readonly script: string }
}

/** One page without anything from elsewhere: no file and no network beside it. It follows the reader's light or dark mode. */
export const pageOf = ({ body, drawing, lead, style = "", title }: Page): string => {
  const uplotStyle = drawing === undefined ? "" : read("uplot/dist/uPlot.min.css")
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>
          ${raw(uplotStyle + read("./page.css") + style)}
        </style>
      </head>
      <body>
        <h1>${title}</h1>
        ${lead} ${body}${drawing === undefined ? undefined : scriptsOf(drawing)}
      </body>
    </html> `
  return String(page)
}

const scriptsOf = ({ report, script }: NonNullable<Page["drawing"]>): Content => [
  jsonScript("report", report),
  ["uplot/dist/uPlot.iife.min.js", "./plots.js"].map(
    (name) =>
      html`<script>
        ${raw(read(name))}
      </script>`
  ),
  html`<script type="module">
    ${raw(script)}
  </script>`
]

const read = (name: string): string => readFileSync(fileURLToPath(import.meta.resolve(name)), "utf8")
