import { type Goal, goalsOf } from "../Goals.ts"
import { conditionsOf, goalsText } from "./Markdown.ts"
import type { Report } from "./Report.ts"
import { type Cell, type Table, tablesOf } from "./Table.ts"

/** One self-contained page. */
export const htmlOf = (report: Report): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Roost's benchmark</title>
<style>${style}</style>
<h1>Roost's benchmark</h1>
${conditionsOf(report)
  .filter((line) => line !== "")
  .map(
    (line) => `<p class="condition">${escaped(line.replace(/^- /, "")).replaceAll(/`([^`]*)`/g, "<code>$1</code>")}</p>`
  )
  .join("\n")}
<h2>Goals</h2>
<p>${escaped(goalsText)}</p>
<div class="wide"><table class="goals">
<thead><tr><th>goal</th><th>bound</th><th>this run</th><th></th></tr></thead>
<tbody>
${goalsOf(report).map(goalRow).join("\n")}
</tbody>
</table></div>
${tablesOf(report).map(tableOf).join("\n")}
</html>
`

const goalRow = ({ bound, figure, measuredBy, title, verdict }: Goal): string => {
  const isMeasured = verdict !== "not measured"
  const text = isMeasured ? escaped(figure) : `not measured in this run: <code>${escaped(measuredBy)}</code>`
  const mark = isMeasured ? `<b class="${verdict === "kept" ? "better" : "worse"}">${verdict}</b>` : "–"
  return `<tr><th>${escaped(title)}</th><td>${escaped(bound)}</td><td>${text}</td><td>${mark}</td></tr>`
}

const tableOf = ({ columns, rows, title }: Table): string => `<h2>${escaped(title)}</h2>
<div class="wide"><table>
<thead><tr><th></th>${columns.map((column) => `<th>${escaped(column)}</th>`).join("")}</tr></thead>
<tbody>
${rows.map((row) => `<tr><th>${escaped(row.title)}</th>${row.cells.map(cellOf).join("")}</tr>`).join("\n")}
</tbody>
</table></div>`

const cellOf = (cell: Cell | undefined): string => {
  if (cell === undefined) return `<td class="none">–</td>`
  const { ratio, spread, value, verdict } = cell
  return `<td>${value}${spread && ` <small>${spread}</small>`}${ratio && `<b class="${verdict}">${ratio}</b>`}</td>`
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")

const style = `
:root { color-scheme: light dark; --line: #8884; --good: #18794e; --bad: #b42318 }
@media (prefers-color-scheme: dark) { :root { --good: #4cc38a; --bad: #ff8b7c } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem }
h1 { font-size: 1.6rem } h2 { font-size: 1.2rem; margin-top: 2rem }
.condition { margin: 0.15rem 0 }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid var(--line); padding: 0.35rem 0.6rem; text-align: right; vertical-align: top }
tbody th, thead th:first-child { text-align: left; font-weight: 500 }
thead th:first-child { font-weight: 700 }
thead th { vertical-align: bottom }
td { font-variant-numeric: tabular-nums; white-space: nowrap }
small { opacity: 0.65 } .none { opacity: 0.4 }
.goals code { white-space: nowrap }
.goals td, .goals th { text-align: left; white-space: normal } .goals td:nth-child(2), .goals td:last-child { white-space: nowrap }
td b { display: block; font-weight: 600 } .better { color: var(--good) } .worse { color: var(--bad) } .same { opacity: 0.75 }
`
