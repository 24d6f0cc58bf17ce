import { html, type Content, type Markup, pageOf, proseOf, sectionOf, tableOf } from "@roost/tool-report"
import { type Goal, goalsOf } from "../Goals.ts"
import type { Cell, Table } from "./Cell.ts"
import { conditionsOf, goalsText } from "./Markdown.ts"
import type { Report } from "./Report.ts"
import { tablesOf } from "./Table.ts"

export const htmlOf = (report: Report): string =>
  pageOf({
    title: "Roost's benchmark",
    lead: conditionsOf(report)
      .filter((line) => line !== "")
      .map((line) => html`<p>${proseOf(line.replace(/^- /, ""))}</p>`),
    body: [
      sectionOf("Goals", [
        html`<p>${goalsText}</p>`,
        tableOf({ of: "text", head: ["goal", "bound", "this run", ""], rows: goalsOf(report).map(goalRow) })
      ]),
      ...tablesOf(report).map(comparisonOf)
    ],
    style: `.text { width: 100% } td b { display: block; font-weight: 600 } .same { color: var(--dim) }`
  })

const goalRow = ({ bound, figure, measuredBy, title, verdict }: Goal): ReadonlyArray<Content> =>
  verdict === "not measured"
    ? [title, bound, html`not measured in this run: <code>${measuredBy}</code>`, "–"]
    : [title, bound, figure, html`<b class="${verdict === "kept" ? "good" : "bad"}">${verdict}</b>`]

const comparisonOf = ({ columns, rows, title }: Table): Markup =>
  sectionOf(
    title,
    tableOf({ head: ["", ...columns], rows: rows.map(({ cells, title }) => [title, ...cells.map(cellOf)]) })
  )

const cellOf = (cell: Cell | undefined): Content => {
  if (cell === undefined) return html`<span class="dim">–</span>`
  const { ratio, spread, value, verdict } = cell
  return [
    value,
    spread === "" ? undefined : html` <small>${spread}</small>`,
    ratio === "" ? undefined : html`<b class="${tones[verdict ?? "same"]}">${ratio}</b>`
  ]
}

const tones = { better: "good", worse: "bad", same: "same" } as const
