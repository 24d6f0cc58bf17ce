import { Effect, Layer } from "effect"
import { closeSync, mkdirSync, openSync } from "node:fs"
import { dirname } from "node:path"
import { DatabaseSync, type StatementSync } from "node:sqlite"
import { migrations, newerSchema } from "./Migrations.ts"
import { type Row, Sql, type SqlSession, type SqlTransaction } from "./Sql.ts"

/**
 * Pages of 4 KiB in the log before they are written to their places: 32 MiB. A handshake changes a page or two anywhere in the
 * file; with SQLite's 1 000 each batch of them was written twice, a sixth of its cost.
 */
const logPagesMax = 8_000
/** How long a write waits for another process that writes the same file, such as a backup. */
const busyMillisMax = 5000

/**
 * One SQLite file of this process. Calls are synchronous: a look-up takes some ten microseconds, so a thread of its own
 * would cost more than it frees.
 */
export const layerSqliteSql = (file: string): Layer.Layer<Sql> =>
  Layer.effect(
    Sql,
    Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => open(file)),
        (db) => Effect.sync(() => db.close())
      ),
      make
    )
  )

/** Creates the file, readable by its owner only, or brings its schema up to date. */
const open = (file: string): DatabaseSync => {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  closeSync(openSync(file, "a", 0o600))
  const db = new DatabaseSync(file, { timeout: busyMillisMax })
  // FULL: what the registry answered 201 to is there after a power cut, too.
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")
  db.exec(`PRAGMA wal_autocheckpoint = ${logPagesMax}`)
  inTransaction(db, () => {
    const version = Number(db.prepare("PRAGMA user_version").get()!["user_version"])
    if (version > migrations.length) throw newerSchema(version)
    for (const step of migrations.slice(version)) db.exec(step(types))
    db.exec(`PRAGMA user_version = ${migrations.length}`)
  })
  return db
}

const types = { bytes: "BLOB", int64: "INTEGER", key: "TEXT", serial: "INTEGER PRIMARY KEY AUTOINCREMENT" }

const make = (db: DatabaseSync) => {
  const statements = new Map<string, StatementSync>()
  const statement = (sql: string): StatementSync => {
    let known = statements.get(sql)
    if (known === undefined) {
      known = db.prepare(sql)
      statements.set(sql, known)
    }
    return known
  }
  const session: SqlSession = {
    all: (sql, ...values) => Effect.sync(() => statement(sql).all(...values) as Array<Row>),
    get: (sql, ...values) => Effect.sync(() => statement(sql).get(...values) as Row | undefined),
    run: (sql, ...values) => Effect.sync(() => Number(statement(sql).run(...values).changes))
  }
  const transaction: SqlTransaction = {
    ...session,
    runEach: (sql, values) =>
      Effect.sync(() => {
        const prepared = statement(sql)
        return values.map((each) => Number(prepared.run(...each).changes))
      }),
    getEach: (sql, values) =>
      Effect.sync(() => {
        const prepared = statement(sql)
        return values.map((each) => prepared.get(...each) as Row | undefined)
      }),
    forUpdate: "",
    enter: () => Effect.void
  }
  return Sql.of({
    ...session,
    transaction: (body) => Effect.sync(() => inTransaction(db, () => Effect.runSync(body(transaction)))),
    unlessBusy: (_, body) => body
  })
}

const inTransaction = <A>(db: DatabaseSync, body: () => A): A => {
  db.exec("BEGIN IMMEDIATE")
  try {
    const result = body()
    db.exec("COMMIT")
    return result
  } catch (error) {
    db.exec("ROLLBACK")
    throw error
  }
}
