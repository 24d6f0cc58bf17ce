import { isExactNumber } from "@roost/enos"
import { Effect } from "effect"
import { cellOf, fieldOf, headingOf } from "./Cells.ts"
import { csvOf, csvWriter } from "./Csv.ts"
import { jsonOf, yamlOf } from "./Documents.ts"
import type { ListForm, ListWriter } from "./ListWriter.ts"
import { type Format, Output, paint, Printer } from "./Printer.ts"
import { Table } from "./Table.ts"

type Fields = Readonly<Record<string, unknown>>

/** One answer, in the form that `--output` asks for. */
export const printAnswer = Effect.fnUntraced(function* (answer: unknown) {
  const printer = yield* Printer
  const format = yield* Output
  if (answer === undefined) return
  const lines = linesOf(answer, format, printer)
  for (const line of lines) yield* printer.out(line)
  if (lines.length === 0) yield* printer.tell("there is none")
})

const linesOf = (answer: unknown, format: Format, printer: Printer): ReadonlyArray<string> => {
  switch (format) {
    case "json":
      return [jsonOf(answer)]
    case "yaml":
      return [yamlOf(answer)]
    case "csv":
      return csvOf(answer)
    case "table":
      return tableOf(answer, printer)
  }
}

const tableOf = (answer: unknown, printer: Printer): ReadonlyArray<string> => {
  if (!isFields(answer)) return [cellOf("", answer)]
  const entries = Object.entries(answer)
  if (entries.length > 0 && entries.every(([, value]) => isFields(value))) return entriesTable(answer, printer)
  const own = entries.filter(([, value]) => !isSection(value))
  const width = Math.max(0, ...own.map(([name]) => name.length))
  const lines = own.map(([name, value]) => `${name.padEnd(width)}  ${shortened(name, value)}`.trimEnd())
  for (const [name, value] of entries) {
    if (!isSection(value)) continue
    const section = Array.isArray(value) ? rowsTable(value, printer) : tableOf(value, printer)
    lines.push("", paint(printer, "cyan", name), ...section)
  }
  return lines
}

/** Objects and lists of objects stand below, under their name. */
const isSection = (value: unknown): boolean =>
  isFields(value) ? Object.values(value).some(isFields) || Object.keys(value).length > 3 : isRows(value)

const isRows = (value: unknown): value is ReadonlyArray<Fields> =>
  Array.isArray(value) && value.length > 0 && value.every(isFields)

const shortened = (name: string, value: unknown): string =>
  Array.isArray(value) && value.length > listedMax ? `${value.length} values` : cellOf(name, value)

/** Values of a list that stand in one line. */
const listedMax = 20

const rowsTable = (rows: ReadonlyArray<Fields>, printer: Printer): ReadonlyArray<string> => {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const cells = rows.map((row) => columns.map((column) => shortened(column, row[column])))
  return new Table(columns.map(headingOf), printer).linesOf(cells)
}

/** Values by name that are objects of one form, as attributes and latest values. */
const entriesTable = (answer: Fields, printer: Printer): ReadonlyArray<string> => {
  const columns = [...new Set(Object.values(answer).flatMap((value) => Object.keys(value as Fields)))]
  const rows = Object.entries(answer).map(([name, value]) =>
    [cellOf("", name)].concat(columns.map((column) => cellOf(column, (value as Fields)[column])))
  )
  return new Table(["NAME", ...columns.map(headingOf)], printer).linesOf(rows)
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !isExactNumber(value)

export const listWriter = Effect.fnUntraced(function* (list: ListForm, quiet: boolean) {
  const printer = yield* Printer
  const format = yield* Output
  if (quiet) return keyWriter(list, printer)
  if (format === "json") return jsonWriter(list, printer)
  if (format === "csv") return csvWriter(list, printer)
  return format === "yaml" ? yamlWriter(list, printer) : tableWriter(list, printer)
})

const keyWriter = ({ key }: ListForm, { out }: Printer): ListWriter => ({
  page: (items) =>
    Effect.forEach(items, (item) => out(key.map((name) => cellOf("", fieldOf(item, name))).join("/")), {
      discard: true
    }),
  end: () => Effect.void
})

const tableWriter = ({ columns, items }: ListForm, printer: Printer): ListWriter => {
  const table = new Table(columns.map(headingOf), printer)
  let count = 0
  return {
    page: (rows) => {
      count += rows.length
      const cells = rows.map((row) => columns.map((column) => cellOf(column.split(".").at(-1)!, fieldOf(row, column))))
      return Effect.forEach(rows.length === 0 ? [] : table.linesOf(cells), printer.out, { discard: true })
    },
    end: (nextCursor) => {
      if (count === 0) return printer.tell(`no ${items}`)
      return nextCursor === undefined ? Effect.void : printer.tell(`there are more: --all lists all, --limit N so many`)
    }
  }
}

/** An item is written when the next one is there: the last one has no comma. */
const jsonWriter = ({ items }: ListForm, { out }: Printer): ListWriter => {
  const name = JSON.stringify(items)
  let last: string | undefined
  return {
    page: (rows) =>
      Effect.forEach(
        rows,
        (row) => {
          const before = last
          last = indented(jsonOf(row))
          return out(before === undefined ? `{\n  ${name}: [` : `${before},`)
        },
        { discard: true }
      ),
    end: (nextCursor) => {
      const cursor = nextCursor === undefined ? "" : `,\n  "nextCursor": ${JSON.stringify(nextCursor)}`
      return out(last === undefined ? `{\n  ${name}: []${cursor}\n}` : `${last}\n  ]${cursor}\n}`)
    }
  }
}

const indented = (json: string): string => json.replaceAll(/^/gm, "    ")

const yamlWriter = ({ items }: ListForm, { out }: Printer): ListWriter => {
  let began = false
  return {
    page: (rows) =>
      Effect.gen(function* () {
        if (!began && rows.length > 0) yield* out(`${items}:`)
        if (rows.length > 0) began = true
        for (const row of rows) yield* out(yamlOf([row]).replaceAll(/^/gm, "  "))
      }),
    end: (nextCursor) =>
      Effect.gen(function* () {
        if (!began) yield* out(`${items}: []`)
        if (nextCursor !== undefined) yield* out(`nextCursor: ${JSON.stringify(nextCursor)}`)
      })
  }
}
