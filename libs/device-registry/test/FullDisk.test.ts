import { assert, describe, it } from "@effect/vitest"
import { StoreUnavailable } from "@roost/contracts"
import { SmallDisk } from "@roost/testkit"
import { Cause, Effect, Exit } from "effect"
import { join } from "node:path"
import { Sql } from "../src/sql/Sql.ts"
import { layerSqliteSql } from "../src/sql/SqliteSql.ts"

const mebibyte = 1024 * 1024

describe("a SQLite file on a full disk (a tmpfs of its own, which root may mount)", () => {
  it.effect("names the cause of what it refuses, reads on, and mends itself when there is room (trust F3)", () =>
    Effect.gen(function* () {
      const disk = yield* Effect.acquireRelease(
        Effect.sync(() => SmallDisk.mount(16 * mebibyte)),
        (mounted) => Effect.sync(() => mounted[Symbol.dispose]())
      )
      yield* Effect.gen(function* () {
        const sql = yield* Sql
        yield* sql.run("CREATE TABLE filler (bytes BLOB)")
        const insert = sql.transaction((transaction) =>
          transaction.run("INSERT INTO filler VALUES (?1)", Buffer.alloc(mebibyte))
        )
        yield* insert
        disk.fill()
        for (let i = 0; i < 2; i++) {
          const exit = yield* Effect.exit(insert)
          const refused = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
          assert.instanceOf(refused, StoreUnavailable)
          assert.strictEqual(refused.message, "the database is not available: its disk is full")
          assert.isFalse(refused.mayHaveHappened)
        }
        const count = Effect.map(sql.get("SELECT COUNT(*) AS n FROM filler"), (row) => Number(row?.["n"]))
        assert.strictEqual(yield* count, 1)
        disk.free()
        yield* insert
        assert.strictEqual(yield* count, 2)
      }).pipe(Effect.provide(layerSqliteSql(join(disk.directory, "data", "roost.db"))))
    })
  )
})
