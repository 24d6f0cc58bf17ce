import { closeSync, mkdirSync, openSync } from "node:fs"
import { dirname } from "node:path"
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from "node:sqlite"
import { migrations } from "./Migrations.ts"

export type Row = Record<string, SQLOutputValue>

/** How long a write waits for another process that writes the same file. */
const busyMillisMax = 5000

/** An open SQLite file with its prepared statements. Throws what SQLite throws. */
export class Database {
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  /** Creates the file, readable by its owner only, or brings its schema up to date. */
  constructor(file: string) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    closeSync(openSync(file, "a", 0o600))
    this.#db = new DatabaseSync(file, { timeout: busyMillisMax })
    // FULL: what the registry answered 201 to is there after a power cut, too.
    this.#db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")
    this.#migrate()
  }

  all(sql: string, ...values: ReadonlyArray<SQLInputValue>): Array<Row> {
    return this.#statement(sql).all(...values)
  }

  get(sql: string, ...values: ReadonlyArray<SQLInputValue>): Row | undefined {
    return this.#statement(sql).get(...values)
  }

  /** The number of rows that changed. */
  run(sql: string, ...values: ReadonlyArray<SQLInputValue>): number {
    return Number(this.#statement(sql).run(...values).changes)
  }

  transaction<A>(body: () => A): A {
    this.#db.exec("BEGIN IMMEDIATE")
    try {
      const result = body()
      this.#db.exec("COMMIT")
      return result
    } catch (error) {
      this.#db.exec("ROLLBACK")
      throw error
    }
  }

  close(): void {
    this.#db.close()
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#db.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  #migrate(): void {
    this.transaction(() => {
      const version = Number(this.#db.prepare("PRAGMA user_version").get()!.user_version)
      if (version > migrations.length) {
        throw new Error(
          `the database has schema ${version}, this registry knows up to ${migrations.length}: upgrade it`
        )
      }
      for (const step of migrations.slice(version)) this.#db.exec(step)
      this.#db.exec(`PRAGMA user_version = ${migrations.length}`)
    })
  }
}
