import type { PointRow } from "../rows/PointRow.ts"

/** The columns of a sink's table in the order of `copyText`, and their types. */
export const columns = [
  ["time", "timestamptz NOT NULL"],
  ["product", "text NOT NULL"],
  ["device", "text NOT NULL"],
  ["kind", "text NOT NULL"],
  ["point", "text NOT NULL"],
  ["number", "double precision"],
  ["text", "text"],
  ["boolean", "boolean"],
  ["json", "jsonb"],
  ["quality", "smallint"],
  ["id", "text NOT NULL"]
] as const satisfies ReadonlyArray<readonly [keyof PointRow, string]>

export const columnNames = columns.map(([name]) => `"${name}"`).join(", ")

/** Rows in the text format of PostgreSQL's COPY: a line each, tabs between columns, `\N` for nothing. */
export const copyText = (rows: ReadonlyArray<PointRow>): string => {
  let text = ""
  for (const { boolean, device, id, json, kind, number, point, product, quality, text: value, time } of rows) {
    text +=
      `${new Date(time).toISOString()}\t${escaped(product)}\t${escaped(device)}\t${escaped(kind)}\t${escaped(point)}\t` +
      `${number ?? "\\N"}\t${value === null ? "\\N" : escaped(value)}\t${boolean ?? "\\N"}\t` +
      `${json === null ? "\\N" : escaped(json)}\t${quality ?? "\\N"}\t${escaped(id)}\n`
  }
  return text
}

const escaped = (text: string): string =>
  special.test(text) ? text.replaceAll(each, (found) => escapes[found]!) : text

const special = /[\\\n\r\t]/
const each = /[\\\n\r\t]/g
const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" }
