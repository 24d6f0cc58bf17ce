import { assert, describe, it } from "@effect/vitest"
import { DiscardPolicy } from "@nats-io/jetstream"
import { metrics } from "@roost/observability"
import { natsServer, waitUntil } from "@roost/testkit"
import { Effect, Layer } from "effect"
import { FrameBus, headerLines, makeStreamPublisher, NatsConnection, type Settled } from "../src/index.ts"
import { connectionTo } from "./support/connectionTo.ts"

const payload = Uint8Array.of(0, 0xff, 1)

/** A publisher that notes what became of each token. */
const noting = (options: { readonly inFlightMax?: number; readonly ackTimeoutMillis?: number } = {}) =>
  Effect.gen(function* () {
    const settled: Array<readonly [number, Settled]> = []
    const publisher = yield* makeStreamPublisher({
      ...options,
      onSettled: (token, outcome) => settled.push([token, outcome])
    })
    return { publisher, settled }
  })

const withServer = <A, E>(
  test: (server: Effect.Success<ReturnType<typeof natsServer>>) => Effect.Effect<A, E, never>
) => Effect.flatMap(natsServer(), test)

/** The figures of `/metrics` on the streams' delays: the number of messages, and their seconds together. */
const storeSeconds = () => {
  const value = (part: string) =>
    Number(new RegExp(`^roost_nats_store_seconds_${part} (.*)$`, "m").exec(metrics.render())?.[1])
  return { count: value("count"), sum: value("sum") }
}

describe("the stream publisher", () => {
  it.live("settles every message with its sequence once it is stored, with headers and bytes as given", () =>
    withServer((server) =>
      Effect.gen(function* () {
        const { manager } = yield* NatsConnection
        yield* Effect.promise(() => manager.streams.add({ name: "S", subjects: ["s.>"] }))
        const { publisher, settled } = yield* noting()
        const lines = headerLines([
          ["Roost-Topic", "/sys/pk/dk"],
          ["Roost-Method", "über\r\nNats-Msg-Id: injected"]
        ])
        const [before, begun] = [storeSeconds(), performance.now()]
        for (let i = 0; i < 1000; i++) assert.isTrue(publisher.publish("s.a", i % 2 === 0 ? lines : "", payload, i))
        assert.strictEqual(publisher.inFlight(), 1000)
        yield* waitUntil(() => settled.length === 1000)
        const [after, took] = [storeSeconds(), performance.now() - begun]
        assert.strictEqual(after.count - before.count, 1000)
        assert.isAbove(after.sum, before.sum)
        assert.isAtMost(after.sum - before.sum, took)
        assert.deepStrictEqual(settled[999], [999, { _tag: "Stored", sequence: 1000, duplicate: false }])
        const stored = yield* Effect.promise(() => manager.streams.getMessage("S", { seq: 999 }))
        assert.deepStrictEqual([...stored!.data], [...payload])
        assert.strictEqual(stored!.header.get("Roost-Topic"), "/sys/pk/dk")
        // A line break in a value can't add a header.
        assert.strictEqual(stored!.header.get("Roost-Method"), "über Nats-Msg-Id: injected")
        assert.strictEqual(publisher.inFlight(), 0)
      }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
    )
  )

  it.live("refuses a subject that would end before its end, and so does the bus of frames", () =>
    withServer((server) =>
      Effect.gen(function* () {
        const bus = yield* FrameBus
        const { publisher } = yield* noting()
        for (const subject of ["", "s a", "s.a 0\r\n\r\nPUB s.b", "s\t"]) {
          assert.isFalse(publisher.publish(subject, "", payload, 1), subject)
          assert.isFalse(bus.publish(subject, payload), subject)
        }
        assert.strictEqual(publisher.inFlight(), 0)
      }).pipe(Effect.provide(FrameBus.layer.pipe(Layer.provideMerge(connectionTo(server)))), Effect.scoped)
    )
  )

  it.live("keeps order and bytes of messages of every size, small ones around large ones", () =>
    withServer((server) =>
      Effect.gen(function* () {
        const { manager } = yield* NatsConnection
        yield* Effect.promise(() => manager.streams.add({ name: "S", subjects: ["s.>"] }))
        const { publisher, settled } = yield* noting()
        const sizes = [0, 3, 65_500, 1, 70_000, 2, 500_000, 4, 20_000, 20_000, 20_000, 20_000, 5]
        const payloadOf = (size: number) => Uint8Array.from({ length: size }, (_, i) => (i * 31 + size) & 0xff)
        const lines = headerLines([["Name", "wert ä"]])
        for (const [i, size] of sizes.entries()) publisher.publish("s.a", lines, payloadOf(size), i)
        yield* waitUntil(() => settled.length === sizes.length)
        assert.deepStrictEqual(
          settled.map(([token, outcome]) => [token, outcome._tag === "Stored" ? outcome.sequence : outcome]),
          sizes.map((_, i) => [i, i + 1])
        )
        for (const [i, size] of sizes.entries()) {
          const stored = yield* Effect.promise(() => manager.streams.getMessage("S", { seq: i + 1 }))
          assert.isTrue(Buffer.from(payloadOf(size)).equals(stored!.data), `message of ${size} bytes`)
        }
      }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
    )
  )

  it.live("says duplicate for a message id that the stream knows, rejected when the stream is full", () =>
    withServer((server) =>
      Effect.gen(function* () {
        const { manager } = yield* NatsConnection
        yield* Effect.promise(() =>
          manager.streams.add({ name: "S", subjects: ["s.>"], max_msgs: 1, discard: DiscardPolicy.New })
        )
        const { publisher, settled } = yield* noting()
        const id = headerLines([["Nats-Msg-Id", "m1"]])
        publisher.publish("s.a", id, payload, 1)
        publisher.publish("s.a", id, payload, 2)
        publisher.publish("s.a", "", payload, 3)
        yield* waitUntil(() => settled.length === 3)
        assert.deepStrictEqual(settled, [
          [1, { _tag: "Stored", sequence: 1, duplicate: false }],
          [2, { _tag: "Stored", sequence: 1, duplicate: true }],
          [3, { _tag: "Failed", reason: "rejected" }]
        ])
      }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
    )
  )

  it.live("says conflict when the subject's last sequence is another than expected", () =>
    withServer((server) =>
      Effect.gen(function* () {
        const { manager } = yield* NatsConnection
        yield* Effect.promise(() => manager.streams.add({ name: "S", subjects: ["s.>"] }))
        const { publisher, settled } = yield* noting()
        const expecting = (sequence: number) => headerLines([["Nats-Expected-Last-Subject-Sequence", String(sequence)]])
        publisher.publish("s.a", expecting(0), payload, 1)
        publisher.publish("s.a", expecting(0), payload, 2)
        publisher.publish("s.a", expecting(1), payload, 3)
        yield* waitUntil(() => settled.length === 3)
        assert.deepStrictEqual(settled, [
          [1, { _tag: "Stored", sequence: 1, duplicate: false }],
          [2, { _tag: "Failed", reason: "conflict" }],
          [3, { _tag: "Stored", sequence: 2, duplicate: false }]
        ])
      }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
    )
  )

  it.live("refuses what is larger than the server takes, and keeps no slot for it", () =>
    withServer((server) =>
      Effect.gen(function* () {
        const { publisher, settled } = yield* noting()
        assert.isFalse(publisher.publish("s.a", "", new Uint8Array(1024 * 1024 + 1), 1))
        assert.deepStrictEqual([publisher.inFlight(), settled], [0, []])
      }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
    )
  )

  it.live("fails at once when no stream takes the subject", () =>
    withServer((server) =>
      Effect.gen(function* () {
        const { publisher, settled } = yield* noting()
        publisher.publish("nobody.a", "", payload, 5)
        yield* waitUntil(() => settled.length === 1)
        assert.deepStrictEqual(settled, [[5, { _tag: "Failed", reason: "noResponders" }]])
      }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
    )
  )

  it.live(
    "refuses what is over inFlightMax, and fails by timeout what nobody acknowledges; a late ack finds nothing",
    () =>
      withServer((server) =>
        Effect.gen(function* () {
          const { client } = yield* NatsConnection
          const replies: Array<string> = []
          client.subscribe("mute.>", { callback: (_, message) => void replies.push(message.reply!) })
          const { publisher, settled } = yield* noting({ inFlightMax: 2, ackTimeoutMillis: 200 })
          assert.deepStrictEqual(
            [1, 2, 3].map((token) => publisher.publish("mute.a", "", payload, token)),
            [true, true, false]
          )
          yield* waitUntil(() => settled.length === 2)
          for (const [, outcome] of settled) assert.deepStrictEqual(outcome, { _tag: "Failed", reason: "timeout" })
          assert.deepStrictEqual(settled.map(([token]) => token).toSorted(), [1, 2])
          assert.isTrue(publisher.publish("mute.a", "", payload, 4))
          client.publish(replies[0]!, `{"stream":"S","seq":1}`)
          client.publish(replies[1]!, `{"stream":"S","seq":2}`)
          yield* waitUntil(() => settled.length === 3)
          assert.deepStrictEqual(settled[2], [4, { _tag: "Failed", reason: "timeout" }])
        }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
      )
  )

  it.live("fails what waits when the server is lost, refuses meanwhile, goes on after", () =>
    withServer((server) =>
      Effect.gen(function* () {
        const { manager, connected } = yield* NatsConnection
        yield* Effect.promise(() => manager.streams.add({ name: "S", subjects: ["s.>"] }))
        const { publisher, settled } = yield* noting()
        yield* server.pause
        publisher.publish("s.a", "", payload, 1)
        yield* server.stop("SIGKILL")
        yield* waitUntil(() => settled.length === 1)
        assert.deepStrictEqual(settled, [[1, { _tag: "Failed", reason: "disconnected" }]])
        assert.isFalse(publisher.publish("s.a", "", payload, 2))
        yield* server.start
        yield* waitUntil(connected)
        assert.isTrue(publisher.publish("s.a", "", payload, 3))
        yield* waitUntil(() => settled.length === 2)
        assert.strictEqual(settled[1]![1]._tag, "Stored")
      }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
    )
  )
})
