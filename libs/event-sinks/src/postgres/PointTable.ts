import { columnNames, columns } from "./CopyText.ts"

export const tableDefault = "roost_points"

/** `name` or `schema.name`, quoted. */
export const quotedTable = (table: string): string => table.split(".").map(quoted).join(".")

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/**
 * One narrow table: TimescaleDB can make a hypertable of it (`create_hypertable(table, 'time')`), since the time is part of what is
 * unique. Rows mostly come in order of time, which is what a BRIN index is for.
 */
export const createTable = (table: string): ReadonlyArray<string> => {
  const index = quoted(`${table.split(".").at(-1)}_time`)
  return [
    `CREATE TABLE IF NOT EXISTS ${quotedTable(table)} (${columns.map(([name, type]) => `"${name}" ${type}`).join(", ")}, ` +
      `UNIQUE (device, "time", id, point))`,
    `CREATE INDEX IF NOT EXISTS ${index} ON ${quotedTable(table)} USING brin ("time")`
  ]
}

/** A batch goes here first, since COPY itself knows no conflicts. Of the connection alone, and empty after each transaction. */
export const createBatch =
  `CREATE TEMPORARY TABLE IF NOT EXISTS roost_batch ` +
  `(${columns.map(([name, type]) => `"${name}" ${type}`).join(", ")}) ON COMMIT DELETE ROWS`

export const copyBatch = `COPY pg_temp.roost_batch (${columnNames}) FROM STDIN`

/** A row that is there already stays as it is: an event may come again. */
export const insertBatch = (table: string): string =>
  `INSERT INTO ${quotedTable(table)} (${columnNames}) SELECT ${columnNames} FROM pg_temp.roost_batch ` +
  `ON CONFLICT (device, "time", id, point) DO NOTHING`
