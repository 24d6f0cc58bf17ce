import { existsSync, rmSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { rowsAtOnce, type Tables, tablesOf } from "./Tables.ts"
import type { Row } from "./Values.ts"
import { indexFileOf, lockSqlite, migrateSqlite } from "./SqliteSql.ts"

/** A SQLite file for a backup; `alone`: no registry has it open, nor may before this is closed. */
export const sqliteTables = async (file: string, alone: boolean): Promise<Tables> => {
  if (!alone && !existsSync(file)) throw new Error(`${file}: there is no such file`)
  const lock = alone ? lockSqlite(file) : undefined
  const db = new DatabaseSync(file, { readOnly: !alone, timeout: 5_000 })
  if (!alone) db.exec("BEGIN")
  return {
    schema: Number(db.prepare("PRAGMA user_version").get()!["user_version"]),
    count: async (table) => Number(db.prepare(`SELECT COUNT(*) AS n FROM ${table}`).get()!["n"]),
    async *rows(table) {
      let rows: Array<Row> = []
      for (const row of db.prepare(`SELECT ${columnsOf(db, table).join()} FROM ${table}`).iterate()) {
        rows.push(row as Row)
        if (rows.length < rowsAtOnce) continue
        yield rows
        rows = []
      }
      if (rows.length > 0) yield rows
    },
    fill: async (schema, rowsOf) => {
      // The journal's mode is the file's; whatever is in the way of a transaction is gone with it.
      db.exec("PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE")
      try {
        for (const { name } of db
          .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
          .all())
          db.exec(`DROP TABLE ${name}`)
        migrateSqlite(db, 0, schema)
        for (const table of tablesOf(schema)) {
          for await (const rows of rowsOf(table)) {
            const columns = Object.keys(rows[0] ?? {})
            const insert = db.prepare(
              `INSERT INTO ${table} (${columns.join()}) VALUES (${columns.map(() => "?").join()})`
            )
            for (const row of rows) insert.run(...columns.map((column) => row[column]!))
          }
        }
        db.exec("COMMIT")
      } catch (error) {
        db.exec("ROLLBACK")
        throw error
      }
      for (const index of ["", "-wal", "-shm"]) rmSync(`${indexFileOf(file)}${index}`, { force: true })
    },
    async [Symbol.asyncDispose]() {
      db.close()
      lock?.close()
    }
  }
}

/** Without generated ones, which SQLite hides in their own way. */
const columnsOf = (db: DatabaseSync, table: string): ReadonlyArray<string> =>
  db
    .prepare(`PRAGMA table_xinfo(${table})`)
    .all()
    .filter(({ hidden }) => hidden === 0)
    .map(({ name }) => String(name))
