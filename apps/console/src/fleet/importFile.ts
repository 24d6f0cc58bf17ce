/** A file of devices as the registry imports it: one JSON object per line. CSV is made into it, by the names of its first line. */
export const importBody = (text: string): string => (text.trimStart().startsWith("{") ? text : ndjsonOf(csvRows(text)))

/** Lines that are not empty: what progress is measured by. */
export const lineCount = (ndjson: string): number => ndjson.split("\n").filter((line) => line.trim() !== "").length

const ndjsonOf = ([names = [], ...rows]: ReadonlyArray<ReadonlyArray<string>>): string =>
  rows
    .map((row) =>
      JSON.stringify(
        Object.fromEntries(names.map((name, at) => [name.trim(), row[at] ?? ""]).filter(([, value]) => value !== ""))
      )
    )
    .join("\n")

/** RFC 4180, with a semicolon in place of the comma where the first line has it: spreadsheets of half of Europe write those. */
const csvRows = (text: string): ReadonlyArray<ReadonlyArray<string>> => {
  const separator = /^[^,\n]*;/.test(text) ? ";" : ","
  const rows: Array<Array<string>> = []
  let row: Array<string> = []
  let cell = ""
  let quoted = false
  const source = text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n")
  const endRow = () => {
    row.push(cell)
    if (row.some((each) => each !== "")) rows.push(row)
    row = []
    cell = ""
  }
  for (let at = 0; at < source.length; at++) {
    const char = source[at]!
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
