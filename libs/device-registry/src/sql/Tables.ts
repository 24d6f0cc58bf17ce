import { migrations } from "./Migrations.ts"
import type { Row, Value } from "./Values.ts"

/** The tables of a database, for a backup: none of the registry's own words for them. */
export interface Tables extends AsyncDisposable {
  /** 0: there are no tables. */
  readonly schema: number
  /** Rows of a table that the schema has. */
  readonly count: (table: string) => Promise<number>
  /** Of one moment, whatever is written meanwhile; not of a database that is opened alone. */
  readonly rows: (table: string) => AsyncIterable<ReadonlyArray<Row>>
  /**
   * Empties or makes the database with this schema, and gives it these rows: all or nothing. Throws for a schema that is newer than this
   * registry's.
   */
  readonly fill: (schema: number, rows: (table: string) => AsyncIterable<ReadonlyArray<Row>>) => Promise<void>
}

/**
 * The tables that a backup has, each after those that it refers to, with the schema that brought them. Tables that are left out are made
 * anew. Those are the index of the search, and the changes that are to be told: whoever needs them finds them out when it starts. Copies of
 * uplinks come again with new ones.
 */
const tablesBySchema: ReadonlyArray<readonly [schema: number, table: string]> = [
  [4, "thing_models"],
  [1, "products"],
  [6, "product_scripts"],
  [1, "devices"],
  [2, "activation_attempts"],
  [3, "device_properties"],
  [5, "device_points"],
  [1, "device_events"]
]

/** The newest schema that `fill` knows. */
export const newestSchema = migrations.length

export const tablesOf = (schema: number): ReadonlyArray<string> =>
  tablesBySchema.filter(([since]) => since <= schema).map(([, table]) => table)

/** Rows that are read or written at once. */
export const rowsAtOnce = 500

/** A row as a line of JSON; bytes as an object with their base64. */
export const lineOfRow = (row: Row): string =>
  JSON.stringify(row, (_key, value: unknown) =>
    isBytes(value) ? { base64: bytesOf(value).toString("base64") } : value
  )

/** SQLite gives plain arrays, PostgreSQL Buffers, which JSON has turned into an object before it asks. */
const isBytes = (value: unknown): boolean =>
  value instanceof Uint8Array ||
  (typeof value === "object" && (value as { readonly type?: unknown })?.type === "Buffer")
const bytesOf = (value: unknown): Buffer =>
  value instanceof Uint8Array ? Buffer.from(value) : Buffer.from((value as { readonly data: Uint8Array }).data)

export const rowOfLine = (line: string): Row =>
  Object.fromEntries(
    Object.entries(JSON.parse(line) as Record<string, Value | { readonly base64: string }>).map(([column, value]) => [
      column,
      typeof value === "object" && value !== null && "base64" in value ? Buffer.from(value.base64, "base64") : value
    ])
  )
