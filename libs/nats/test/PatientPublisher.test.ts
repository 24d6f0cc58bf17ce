import { assert, describe, it } from "@effect/vitest"
import { natsServer, waitUntil } from "@roost/testkit"
import { Effect } from "effect"
import { headerLines, makePatientPublisher, NatsConnection, type Settled } from "../src/index.ts"
import { connectionTo } from "./support/connectionTo.ts"

const payload = Uint8Array.of(1, 2, 3)
const idOf = (token: number) => headerLines([["Nats-Msg-Id", `m${token}`]])

const noting = (storeMillisMax: number) =>
  Effect.gen(function* () {
    const settled = new Map<number, Settled>()
    const publisher = yield* makePatientPublisher({
      storeMillisMax,
      onSettled: (token, outcome) => {
        assert.isFalse(settled.has(token))
        settled.set(token, outcome)
      }
    })
    return { publisher, settled }
  })

describe("the patient publisher", () => {
  it.live("stores each message once and says so, although the server is killed and started again under it", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* Effect.gen(function* () {
        const { connected, manager } = yield* NatsConnection
        yield* Effect.promise(() => manager.streams.add({ name: "S", subjects: ["s.>"] }))
        const { publisher, settled } = yield* noting(30_000)
        for (let token = 1; token <= 500; token++) publisher.publish("s.a", idOf(token), payload, token)
        yield* server.stop("SIGKILL")
        yield* waitUntil(() => !connected())
        for (let token = 501; token <= 600; token++)
          assert.isTrue(publisher.publish("s.a", idOf(token), payload, token))
        yield* server.start
        yield* waitUntil(() => settled.size === 600)
        assert.isTrue([...settled.values()].every(({ _tag }) => _tag === "Stored"))
        const { state } = yield* Effect.promise(() => manager.streams.info("S"))
        assert.strictEqual(state.messages, 600)
        assert.strictEqual(publisher.inFlight(), 0)
      }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
    })
  )

  it.live("gives up when the time is over, and at once when it ends", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* Effect.gen(function* () {
        const { settled } = yield* Effect.scoped(
          Effect.gen(function* () {
            const { publisher, settled } = yield* noting(60_000)
            publisher.publish("nobody.listens", idOf(1), payload, 1)
            yield* Effect.sleep("20 millis")
            return { settled }
          })
        )
        assert.strictEqual(settled.get(1)?._tag, "Failed")

        const impatient = yield* noting(300)
        impatient.publisher.publish("nobody.listens", idOf(2), payload, 2)
        yield* waitUntil(() => impatient.settled.size === 1)
        assert.deepStrictEqual(impatient.settled.get(2), { _tag: "Failed", reason: "noResponders" })
      }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
    })
  )

  it.live("passes on at once what trying again can't mend, and takes no more than the named number", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* Effect.gen(function* () {
        const { manager } = yield* NatsConnection
        yield* Effect.promise(() => manager.streams.add({ name: "S", subjects: ["s.>"] }))
        const settled: Array<Settled> = []
        const publisher = yield* makePatientPublisher({
          storeMillisMax: 60_000,
          inFlightMax: 1,
          onSettled: (_, outcome) => settled.push(outcome)
        })
        const wrong = headerLines([["Nats-Expected-Last-Subject-Sequence", "7"]])
        assert.isTrue(publisher.publish("s.a", wrong, payload, 1))
        assert.isFalse(publisher.publish("s.a", idOf(2), payload, 2))
        yield* waitUntil(() => settled.length === 1)
        assert.deepStrictEqual(settled, [{ _tag: "Failed", reason: "conflict" }])
      }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
    })
  )
})
