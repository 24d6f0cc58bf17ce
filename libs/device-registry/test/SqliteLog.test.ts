import { assert, describe, it } from "@effect/vitest"
import { temporaryDirectory, waitUntil } from "@roost/testkit"
import { Effect } from "effect"
import { DatabaseSync } from "node:sqlite"
import { join } from "node:path"
import { vi } from "vitest"
import { Sql } from "../src/sql/Sql.ts"
import { moveLog } from "../src/sql/LogPages.ts"
import { SqliteLog } from "../src/sql/SqliteLog.ts"
import { layerSqliteSql } from "../src/sql/SqliteSql.ts"

/** A file whose log nobody moves by himself. */
const open = (file: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const db = new DatabaseSync(file)
      db.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 100000")
      return db
    }),
    (db) => Effect.sync(() => db.isOpen && db.close())
  )

const newFile = Effect.map(temporaryDirectory, (directory) => join(directory, "registry.sqlite"))
const pagesOf = (db: DatabaseSync) => ({ ...db.prepare("PRAGMA wal_checkpoint(NOOP)").get() })
const fakeTimers = Effect.acquireRelease(
  Effect.sync(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })),
  () => Effect.sync(() => vi.useRealTimers())
)

describe("the log of a SQLite file", () => {
  it.live("is moved by another thread once it has many pages, and what came meanwhile by this one", () =>
    Effect.gen(function* () {
      const file = yield* newFile
      const [db, aside] = [yield* open(file), yield* open(file)]
      yield* fakeTimers
      db.exec("CREATE TABLE t (bytes BLOB)")
      const write = () => db.prepare("INSERT INTO t VALUES (?)").run(Buffer.alloc(40_000))
      const moves: Array<boolean> = []
      const elsewhere = Effect.sync(() => {
        moves.push(moveLog(aside, "main"))
        write()
        return false
      })
      const log = new SqliteLog(db, elsewhere, 20)
      for (const expected of [0, 1]) {
        write()
        log.written()
        vi.runAllTimers()
        assert.strictEqual(moves.length, expected)
      }
      assert.deepStrictEqual(moves, [true])
      const { checkpointed, log: pages } = pagesOf(db)
      assert.strictEqual(checkpointed, pages)
      // Nothing is left: SQLite begins its log anew.
      write()
      assert.isAtMost(Number(pagesOf(db)["log"]), Number(pages))
    })
  )

  it.live("is left to the next write where the other thread fails, and is nobody's once the file is closed", () =>
    Effect.gen(function* () {
      const db = yield* open(yield* newFile)
      yield* fakeTimers
      db.exec("CREATE TABLE t (bytes BLOB)")
      let failures = 0
      const failing = Effect.suspend(() => Effect.die(`failed ${++failures}`))
      const log = new SqliteLog(db, failing, 1)
      for (const close of [false, false, true]) {
        log.written()
        if (close) db.close()
        vi.runAllTimers()
      }
      assert.strictEqual(failures, 2)
    })
  )

  it.live("of a registry is moved by the thread that searches", () =>
    Effect.gen(function* () {
      const file = yield* newFile
      yield* Effect.gen(function* () {
        const sql = yield* Sql
        const db = yield* open(file)
        yield* sql.run("CREATE TABLE filler (bytes BLOB)")
        yield* sql.run("INSERT INTO filler VALUES (?1)", Buffer.alloc(4096 * 8_100))
        yield* waitUntil(
          Effect.sync(() => {
            const { checkpointed, log } = pagesOf(db)
            return Number(log) > 8_000 && checkpointed === log
          })
        )
      }).pipe(Effect.scoped, Effect.provide(layerSqliteSql(file)))
    })
  )
})
