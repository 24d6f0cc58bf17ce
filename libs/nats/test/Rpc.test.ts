import { assert, describe, it } from "@effect/vitest"
import { Health } from "@roost/observability"
import { natsServer, waitUntil } from "@roost/testkit"
import { Deferred, Effect, Schema } from "effect"
import { NatsConnection, requestRpc, serveRpc, watchService } from "../src/index.ts"
import { connectionTo } from "./support/connectionTo.ts"

const Double = {
  subject: "test.double",
  request: Schema.Struct({ n: Schema.Int }),
  response: Schema.Struct({ n: Schema.Int })
}
const reasonOf = (n: number, timeoutMillis?: number) =>
  requestRpc(Double, { n }, timeoutMillis).pipe(
    Effect.flip,
    Effect.map((error) => error.reason)
  )

describe("a request", () => {
  it.live("is answered, one of a queue group answers each, and every fault has its reason", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* Effect.gen(function* () {
        assert.strictEqual(yield* reasonOf(1), "NoResponders")
        const gate = yield* Deferred.make<void>()
        let asked = 0
        const handler = ({ n }: { readonly n: number }) =>
          Effect.suspend(() => {
            asked++
            if (n === 13) return Effect.fail("unlucky")
            return n === 99 ? Effect.as(Deferred.await(gate), { n }) : Effect.succeed({ n: 2 * n })
          })
        yield* serveRpc(Double, { queue: "q", concurrencyMax: 1 }, handler)
        assert.deepStrictEqual(yield* requestRpc(Double, { n: 21 }), { n: 42 })
        assert.strictEqual(asked, 1)
        assert.strictEqual(yield* reasonOf(13), "Rejected")
        assert.strictEqual(yield* reasonOf(99, 100), "Timeout")
        assert.strictEqual(yield* reasonOf(1), "Busy")
        yield* Deferred.succeed(gate, undefined)
        yield* waitUntil(
          requestRpc(Double, { n: 1 }).pipe(
            Effect.result,
            Effect.map((r) => r._tag === "Success")
          )
        )
        const { client } = yield* NatsConnection
        const malformed = yield* Effect.promise(() => client.request("test.double", `{"n":"x"}`))
        assert.strictEqual(malformed.headers?.get("Roost-Error"), "Malformed")
      }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
    })
  )

  it.live("fails at once while no server is connected, and is answered again after", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* Effect.gen(function* () {
        const { connected } = yield* NatsConnection
        yield* serveRpc(Double, {}, ({ n }) => Effect.succeed({ n }))
        yield* server.stop("SIGKILL")
        yield* waitUntil(() => !connected())
        assert.strictEqual(yield* reasonOf(1), "Disconnected")
        yield* server.start
        yield* waitUntil(connected)
        assert.deepStrictEqual(yield* requestRpc(Double, { n: 5 }), { n: 5 })
      }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
    })
  )

  it.live("is missed where nobody serves it: the process is degraded, and ready", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* Effect.gen(function* () {
        const health = yield* Health
        yield* watchService("doubler", Double.subject, "nothing is doubled")
        yield* waitUntil(() => "doubler" in health.readiness().degraded)
        assert.deepInclude(health.readiness(), {
          ready: true,
          degraded: { doubler: "none is there: nothing is doubled" }
        })
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* serveRpc(Double, {}, ({ n }) => Effect.succeed({ n: 2 * n }))
            yield* waitUntil(() => !("doubler" in health.readiness().degraded))
          })
        )
        yield* waitUntil(() => "doubler" in health.readiness().degraded)
      }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
    })
  )
})
