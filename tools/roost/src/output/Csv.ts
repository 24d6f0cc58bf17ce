import { isExactNumber } from "@roost/enos"
import { Effect } from "effect"
import { fieldOf, isTimeCell } from "./Cells.ts"
import type { Printer } from "./Printer.ts"
import type { ListForm, ListWriter } from "./ListWriter.ts"

type Fields = Readonly<Record<string, unknown>>

/** A record of RFC 4180, without its line end, which a line feed is here as for every other tool of a terminal. */
export const csvLine = (cells: ReadonlyArray<string>): string => cells.map(quoted).join(",")

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** A value of an answer as spreadsheets take it: times as ISO 8601 in UTC, numbers as they were written, lists and objects in JSON. */
export const csvCell = (name: string, value: unknown): string => {
  if (value === undefined || value === null) return ""
  if (typeof value === "string") return value
  if (isExactNumber(value)) return value.rawJSON
  if (typeof value === "number" && isTimeCell(name, value)) return new Date(value).toISOString()
  return typeof value === "object" ? JSON.stringify(value) : String(value)
}

const recordOf = (columns: ReadonlyArray<string>, item: unknown): string =>
  csvLine(columns.map((column) => csvCell(column.split(".").at(-1)!, fieldOf(item, column))))

/** A list: a heading, also above none, and a record for each item. */
export const csvWriter = ({ columns, fields = columns }: ListForm, { out, tell }: Printer): ListWriter => {
  let begun = false
  const begin = Effect.suspend(() => {
    if (begun) return Effect.void
    begun = true
    return out(csvLine(fields))
  })
  return {
    page: (rows) =>
      Effect.andThen(
        begin,
        Effect.forEach(rows, (row) => out(recordOf(fields, row)), { discard: true })
      ),
    end: (nextCursor) =>
      Effect.andThen(
        begin,
        nextCursor === undefined ? Effect.void : tell("there are more: --all lists all, --limit N so many")
      )
  }
}

/** An answer that is no page: records of the one list that it has, or of its values by name, or one record. */
export const csvOf = (answer: unknown): ReadonlyArray<string> => {
  if (!isFields(answer)) return [csvLine([csvCell("", answer)])]
  const values = Object.values(answer)
  const lists = values.filter((value) => Array.isArray(value) && value.every(isFields)) as ReadonlyArray<
    ReadonlyArray<Fields>
  >
  if (lists.length === 1) return recordsOf(lists[0]!)
  return values.length > 0 && values.every(isFields)
    ? recordsOf(Object.entries(answer).map(([name, value]) => Object.assign({ name }, value as Fields)))
    : recordsOf([answer])
}

const recordsOf = (items: ReadonlyArray<Fields>): ReadonlyArray<string> => {
  const columns = [...new Set(items.flatMap((item) => Object.keys(item)))]
  if (columns.length === 0) return []
  return [csvLine(columns), ...items.map((item) => csvLine(columns.map((name) => csvCell(name, item[name]))))]
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !isExactNumber(value)
