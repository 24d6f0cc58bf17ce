import { assert, describe, it } from "@effect/vitest"
import type { DeviceEvent, Presence } from "@roost/contracts"
import { Deferred, Effect, Layer, Redacted } from "effect"
import { layerPostgresSql, RegistryStore } from "../src/index.ts"
import { Sql } from "../src/sql/Sql.ts"
import { layerStoreAt, newDatabase, postgresForFile } from "./support/Databases.ts"
import { meters, presence, secret } from "./support/SeededStore.ts"

const server = postgresForFile()
const rounds = 30
const productKey = "pk1"
const ids = Array.from({ length: 6 }, (_, i) => ({ productKey, deviceKey: `d${i}` }))

const heard = (deviceKey: string, at: number): Presence => presence({ deviceKey, at, lastSeenAt: at })
const event = (deviceKey: string, at: number): DeviceEvent => ({
  productKey,
  deviceKey,
  kind: "device-online",
  at,
  address: "192.0.2.1:5684",
  reason: "handshake"
})

/** How many the server has ended in this database since it is there. */
const deadlocksOf = (url: string) =>
  Effect.map(Layer.build(Layer.fresh(layerPostgresSql(Redacted.make(url)))), (context) =>
    Effect.gen(function* () {
      const sql = yield* Sql
      const row = yield* sql.get("SELECT deadlocks AS n FROM pg_stat_database WHERE datname = current_database()")
      return Number(row!["n"])
    }).pipe(Effect.provide(context))
  )

/** Two instances on one database, in which the product and its devices are. */
const instances = Effect.gen(function* () {
  const url = yield* Effect.promise(() => newDatabase(server()))
  const store = Effect.flatMap(Layer.build(layerStoreAt(url)), (context) => Effect.provide(RegistryStore, context))
  const first = yield* store
  const second = yield* store
  yield* first.createProduct({ ...meters, productKey, createdAt: 1, secret })
  return { first, second, deadlocks: yield* deadlocksOf(url) }
})

const registered = ids.map((id) => ({ ...id, assetId: id.deviceKey, deviceName: "one", secret, createdAt: 1000 }))

describe("transactions that lock more than one row on PostgreSQL", () => {
  it.live("of two instances never wait for each other", () =>
    Effect.gen(function* () {
      const { deadlocks, first, second } = yield* instances
      for (let at = 1; at <= rounds; at++) {
        yield* first.createDevices(registered)
        const back = ids.toReversed()
        const points = new Map([["temp", { value: 1, time: at, order: at }]])
        yield* Effect.all(
          [
            first.filePresence(
              ids.map(({ deviceKey }) => heard(deviceKey, at)),
              ids.map(({ deviceKey }) => event(deviceKey, at)),
              at
            ),
            second.filePresence(
              back.map(({ deviceKey }) => heard(deviceKey, at)),
              back.map(({ deviceKey }) => event(deviceKey, at)),
              at
            ),
            first.applyPoints(
              back.map((id) => ({ ...id, uplinks: [], points })),
              { copies: true }
            ),
            second.addEvents(
              back.map(({ deviceKey }) => event(deviceKey, at + 1000)),
              at
            ),
            second.deleteDevice(ids[at % ids.length]!, at),
            first.deleteDevice(ids[(at + 1) % ids.length]!, at),
            second.deleteDevicesOf(productKey, ids.length),
            first.deleteEventsOf(productKey, 100)
          ],
          { concurrency: "unbounded" }
        )
      }
      assert.strictEqual(yield* deadlocks, 0)
    }).pipe(Effect.scoped)
  )

  it.live("are tried again where the server ends one of them for another's sake", () =>
    Effect.gen(function* () {
      const url = yield* Effect.promise(() => newDatabase(server()))
      const sql = yield* Effect.flatMap(Layer.build(layerPostgresSql(Redacted.make(url))), (context) =>
        Effect.provide(Sql, context)
      )
      yield* sql.run("CREATE TABLE pair (name TEXT PRIMARY KEY, n INTEGER NOT NULL)")
      yield* sql.run("INSERT INTO pair VALUES ('a', 0), ('b', 0)")
      const held = { a: yield* Deferred.make<void>(), b: yield* Deferred.make<void>() }
      let tries = 0
      const add = (from: "a" | "b", to: "a" | "b") =>
        sql.transaction((session) =>
          Effect.gen(function* () {
            tries++
            yield* session.run("UPDATE pair SET n = n + 1 WHERE name = ?1", from)
            yield* Deferred.succeed(held[from], undefined)
            yield* Deferred.await(held[to])
            yield* session.run("UPDATE pair SET n = n + 1 WHERE name = ?1", to)
          })
        )
      yield* Effect.all([add("a", "b"), add("b", "a")], { concurrency: "unbounded" })
      // On a busy machine both may find the deadlock before either lets go; the server then ends both.
      assert.isAtLeast(tries, 3)
      assert.deepStrictEqual(
        (yield* sql.all("SELECT n FROM pair ORDER BY name")).map(({ n }) => n),
        [2, 2]
      )
    }).pipe(Effect.scoped)
  )
})
