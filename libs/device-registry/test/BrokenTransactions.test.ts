import { assert, describe, it } from "@effect/vitest"
import { StoreUnavailable } from "@roost/contracts"
import { Cause, Effect, Exit, Layer, Redacted } from "effect"
import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { layerPostgresSql } from "../src/sql/PostgresSql.ts"
import { Sql } from "../src/sql/Sql.ts"
import { newDatabase, postgresForFile } from "./support/Databases.ts"

const server = postgresForFile()

interface Cut {
  /** Pieces that still pass from the client to the server. */
  pieces: number
  /** Whether the server still hears the last one. */
  readonly heard: boolean
  readonly how: "end" | "resetAndDestroy"
}

/** A way to PostgreSQL whose connections are closed in the midst of what is sent. */
const closingRelay = Effect.fnUntraced(function* (port: number) {
  let cut: Cut | undefined
  const sockets = new Set<Socket>()
  const relay = createServer((near) => {
    const far = connect(port, "127.0.0.1")
    for (const [socket, other] of [
      [near, far],
      [far, near]
    ] as const) {
      sockets.add(socket)
      socket.on("error", () => undefined).on("close", () => (sockets.delete(socket), other.destroy()))
    }
    far.on("data", (bytes) => near.write(bytes))
    near.on("data", (bytes) => {
      if (cut === undefined || cut.pieces-- > 0) return void far.write(bytes)
      if (cut.heard) far.write(bytes)
      near[cut.how]()
      far.end()
      cut = undefined
    })
  })
  relay.listen(0, "127.0.0.1")
  yield* Effect.promise(() => once(relay, "listening"))
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      for (const socket of sockets) socket.destroy()
      relay.close()
    })
  )
  return { port: (relay.address() as AddressInfo).port, arm: (next: Cut | undefined) => void (cut = next) }
})

/** Whether the transaction may have happened, as its failure says. */
const mayHaveHappened = (exit: Exit.Exit<unknown>): boolean => {
  assert(Exit.isFailure(exit))
  const error = Cause.squash(exit.cause)
  assert(error instanceof StoreUnavailable, String(error))
  return error.mayHaveHappened
}

describe("transactions on PostgreSQL whose connection is closed", () => {
  it.live("at any point happen wholly or not at all, say which, and none reaches into another's (trust F11)", () =>
    Effect.gen(function* () {
      const url = new URL(yield* Effect.promise(() => newDatabase(server())))
      const relay = yield* closingRelay(Number(url.port))
      url.port = String(relay.port)
      const context = yield* Layer.build(layerPostgresSql(Redacted.make(url.href)))
      const sql = yield* Effect.provide(Sql, context)
      yield* sql.run("CREATE TABLE written (transaction_id BIGINT NOT NULL, step BIGINT NOT NULL)")
      const outcomes: Array<Exit.Exit<void>> = []
      const transaction = (id: number) =>
        sql
          .transaction((session) =>
            Effect.gen(function* () {
              for (const step of [1, 2]) yield* session.run("INSERT INTO written VALUES (?1, ?2)", id, step)
              yield* session.runEach("INSERT INTO written VALUES (?1, ?2)", [
                [id, 3],
                [id, 4]
              ])
            })
          )
          .pipe(Effect.exit)
      for (const how of ["end", "resetAndDestroy"] as const) {
        for (const heard of [false, true]) {
          for (let pieces = 0; pieces < 12; pieces++) {
            relay.arm({ pieces, heard, how })
            const ids = [0, 1, 2].map((i) => outcomes.length + i)
            outcomes.push(...(yield* Effect.forEach(ids, transaction, { concurrency: "unbounded" })))
          }
        }
      }
      relay.arm(undefined)
      const rows = yield* sql.all("SELECT transaction_id, COUNT(*) AS steps FROM written GROUP BY transaction_id")
      const steps = new Map(rows.map((row) => [Number(row["transaction_id"]), Number(row["steps"])]))
      for (const [id, exit] of outcomes.entries()) {
        const written = steps.get(id) ?? 0
        if (Exit.isSuccess(exit)) assert.strictEqual(written, 4)
        else if (mayHaveHappened(exit)) assert.include([0, 4], written)
        else assert.strictEqual(written, 0)
      }
      assert.isTrue(outcomes.some(Exit.isFailure))
      assert.isTrue(outcomes.some((exit) => Exit.isFailure(exit) && mayHaveHappened(exit)))
    })
  )
})
