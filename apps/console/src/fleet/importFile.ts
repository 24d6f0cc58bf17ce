/**
 * A file of devices as the registry imports it: one JSON object per line. CSV is made into it, by the names of its first line, and so are
 * device keys, one a line. Each device stands on the line on which its row of the file begins, so that refusals name the line that an
 * editor shows. Undefined: it is to be sent as it is, since the registry says best what is wrong with a JSON array, gzip or UTF-16.
 */
export const importBody = (text: string): string | undefined => {
  const begin = text.trimStart()
  if (begin.startsWith("{")) return text
  if (others.some((other) => begin.startsWith(other)) || text[1] === "\0") return undefined
  const rows = csvRows(text)
  const isKeys = rows.every(({ cells }) => cells.length === 1) && rows[0]?.cells[0]?.trim() !== keyColumn
  return ndjsonOf(isKeys ? [{ cells: [keyColumn], line: 0 }, ...rows] : rows)
}

/** How an array, gzip, a zip and UTF-16 begin, read as UTF-8. */
const others = ["[", "\u001f", "PK\u0003", "\0", "\ufffd\ufffd"]
const keyColumn = "deviceKey"

/** Lines that are not empty: what progress is measured by. */
export const lineCount = (ndjson: string): number => ndjson.split("\n").filter((line) => line.trim() !== "").length

const ndjsonOf = ([head, ...rows]: ReadonlyArray<CsvRow>): string => {
  const names = head?.cells ?? []
  const lines: Array<string> = []
  for (const { cells, line } of rows) {
    while (lines.length < line - 1) lines.push("")
    const named = names.map((name, at) => [name.trim(), cells[at] ?? ""]).filter(([, value]) => value !== "")
    lines.push(JSON.stringify(Object.fromEntries(named)))
  }
  return lines.join("\n")
}

interface CsvRow {
  readonly cells: ReadonlyArray<string>
  /** On which it begins, from 1. */
  readonly line: number
}

/** RFC 4180, with a semicolon in place of the comma where the first line has it: spreadsheets of half of Europe write those. */
const csvRows = (text: string): ReadonlyArray<CsvRow> => {
  const separator = /^[^,\n]*;/.test(text) ? ";" : ","
  const rows: Array<CsvRow> = []
  let line = 1
  let begun = 1
  let row: Array<string> = []
  let cell = ""
  let quoted = false
  const source = text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n")
  const endRow = () => {
    row.push(cell)
    if (row.some((each) => each !== "")) rows.push({ cells: row, line: begun })
    row = []
    cell = ""
    begun = line
  }
  for (let at = 0; at < source.length; at++) {
    const char = source[at]!
    if (char === "\n") line++
    if (quoted) {
      if (char !== '"') cell += char
      else if (source[at + 1] === '"') cell += source[at++]!
      else quoted = false
    } else if (char === '"') quoted = true
    else if (char === separator) {
      row.push(cell)
      cell = ""
    } else if (char === "\n") endRow()
    else cell += char
  }
  endRow()
  return rows
}
