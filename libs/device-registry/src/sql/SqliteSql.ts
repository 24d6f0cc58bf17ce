import { RequestWrites, Setting, StoreUnavailable } from "@roost/contracts"
import { type Config, Effect, Layer } from "effect"
import { closeSync, mkdirSync, openSync } from "node:fs"
import { dirname } from "node:path"
import { DatabaseSync, type StatementSync } from "node:sqlite"
import type { DeviceIndex } from "../search/DeviceIndex.ts"
import { openSqliteSearch } from "../search/SqliteSearch.ts"
import { migrations, newerSchema } from "./Migrations.ts"
import { logPagesAtLast, SqliteLog } from "./SqliteLog.ts"
import { type Row, Sql, type SqlSession, type SqlTransaction, storableValues } from "./Sql.ts"

/** How long a write waits for another process that writes the same file, such as a backup. */
const busyMillisMax = 5000
/** How long a registry that starts waits for one that is just ending. */
const lockMillisMax = 2000

/**
 * One SQLite file of this process. Calls are synchronous: a look-up takes some ten microseconds, so a thread of its own
 * would cost more than it frees.
 */
export const layerSqliteSql = (file: string): Layer.Layer<Sql, Config.ConfigError> =>
  Layer.effect(
    Sql,
    Effect.gen(function* () {
      yield* opened(() => lockSqlite(file))
      const db = yield* opened(() => open(file))
      yield* Effect.logInfo(`keeps devices in the SQLite file ${file}`)
      const { index, moveLog } = yield* openSqliteSearch(
        { registryFile: file, indexFile: indexFileOf(file) },
        (change) => {
          db.prepare("DELETE FROM search_changes WHERE id <= ?").run(change)
        }
      )
      return make(db, index, new SqliteLog(db, moveLog))
    })
  )

/** A folder that fills, or a file of another kind, is a matter of where the file is to be. */
const opened = (open: () => DatabaseSync) =>
  Effect.acquireRelease(
    Effect.try({
      try: open,
      catch: (error) => Setting.fault("ROOST_DATA_DIR", messageOf(error))
    }),
    (db) => Effect.sync(() => db.close())
  )

/**
 * A database of its own whose lock this process has until it ends, however it ends. The registry's file itself stays open to backups, so
 * that two registries would both take it. Each tells changes and counts limits as if it were alone.
 */
export const lockSqlite = (file: string): DatabaseSync => {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  closeSync(openSync(`${file}.lock`, "a", 0o600))
  const db = new DatabaseSync(`${file}.lock`, { timeout: lockMillisMax })
  try {
    db.exec("BEGIN EXCLUSIVE")
  } catch (error) {
    db.close()
    const isTaken = messageOf(error).includes("locked")
    const cause = isTaken
      ? `another registry has ${file} open. Several registries share PostgreSQL (DATABASE_URL)`
      : `${file}.lock: ${messageOf(error)}`
    throw new Error(`expected a folder of this registry alone; ${cause}`, { cause: error })
  }
  return db
}

/** Creates the file, readable by its owner only, or brings its schema up to date. */
const open = (file: string): DatabaseSync => {
  try {
    return openWith(file)
  } catch (error) {
    throw new Error(`expected a SQLite database that can be read and written at ${file}; ${messageOf(error)}`, {
      cause: error
    })
  }
}

const openWith = (file: string): DatabaseSync => {
  closeSync(openSync(file, "a", 0o600))
  const db = new DatabaseSync(file, { timeout: busyMillisMax })
  // FULL: what the registry answered 201 to is there after a power cut, too.
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")
  db.exec(`PRAGMA wal_autocheckpoint = ${logPagesAtLast}`)
  inTransaction(db, () => {
    const version = Number(db.prepare("PRAGMA user_version").get()!["user_version"])
    if (version > migrations.length) throw newerSchema(version)
    migrateSqlite(db, version, migrations.length)
  })
  return db
}

/** From one version of the schema to another. Throws for one that nobody here knows. */
export const migrateSqlite = (db: DatabaseSync, from: number, to: number): void => {
  if (to > migrations.length) throw newerSchema(to)
  for (const step of migrations.slice(from, to)) db.exec(step(types))
  db.exec(`PRAGMA user_version = ${to}`)
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const types = {
  bytes: "BLOB",
  int64: "INTEGER",
  key: "TEXT",
  serial: "INTEGER PRIMARY KEY AUTOINCREMENT",
  indexesLater: false
}

/** Beside the registry's own: it can be deleted at any time, and no backup needs it. */
export const indexFileOf = (file: string): string => `${file}.search`

const make = (db: DatabaseSync, index: DeviceIndex, log: SqliteLog) => {
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
    all: (sql, ...values) => guarded(() => statement(sql).all(...storableValues(values)) as Array<Row>),
    get: (sql, ...values) => guarded(() => statement(sql).get(...storableValues(values)) as Row | undefined),
    run: (sql, ...values) => guarded(() => Number(statement(sql).run(...storableValues(values)).changes))
  }
  const transaction: SqlTransaction = {
    ...session,
    runEach: (sql, values) =>
      Effect.sync(() => {
        const prepared = statement(sql)
        return values.map((each) => Number(prepared.run(...storableValues(each)).changes))
      }),
    getEach: (sql, values) =>
      Effect.sync(() => {
        const prepared = statement(sql)
        return values.map((each) => prepared.get(...storableValues(each)) as Row | undefined)
      }),
    forUpdate: "",
    forKeyShare: "",
    enter: () => Effect.void
  }
  const noted = Effect.andThen(
    noteWritten,
    Effect.sync(() => log.written())
  )
  return Sql.of({
    ...session,
    run: (sql, ...values) => Effect.tap(session.run(sql, ...values), noted),
    transaction: (body) =>
      guarded(() => inTransaction(db, () => Effect.runSync(body(transaction)))).pipe(Effect.tap(noted)),
    unlessBusy: (_, body) => body,
    index
  })
}

const inTransaction = <A>(db: DatabaseSync, body: () => A): A => {
  db.exec("BEGIN IMMEDIATE")
  try {
    const result = body()
    db.exec("COMMIT")
    return result
  } catch (error) {
    // SQLite has rolled back by itself where a disk failed: what it says to a second time would hide the cause.
    if (db.isTransaction) db.exec("ROLLBACK")
    throw error
  }
}

/** Of a defect inside a transaction the cause was named by the statement already. */
const guarded = <A>(work: () => A): Effect.Effect<A> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(work())
    } catch (error) {
      return Effect.die(unavailable(error))
    }
  })

const noteWritten = Effect.map(RequestWrites, (writes) => {
  if (writes !== undefined) writes.written = true
})

/**
 * Errors that say nothing of the statement: the file is locked by another process, unreadable, or has no room. Nothing was written then.
 */
const unavailable = (error: unknown): unknown => {
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0
  const cause = outages.get(code)
  return cause === undefined
    ? error
    : new StoreUnavailable(`the database is not available: ${cause}`, { mayHaveHappened: false, cause: error })
}

/** SQLITE_BUSY, _READONLY, _IOERR, _FULL, _CANTOPEN. */
const outages = new Map([
  [5, "another process holds it"],
  [8, "it can't be written"],
  [10, "its disk failed"],
  [13, "its disk is full"],
  [14, "its file can't be opened"]
])
