import { assert, describe, it } from "@effect/vitest"
import { DiscardPolicy } from "@nats-io/jetstream"
import { SetAsideHeader, type StreamDefinition, Streams, Subjects } from "@roost/contracts"
import { natsServer, waitUntil } from "@roost/testkit"
import { Effect, Layer } from "effect"
import {
  durableConsumer,
  ensureStreams,
  EventPublisher,
  eventsWaitingMax,
  NatsConnection,
  readMessages,
  tailConsumer
} from "../src/index.ts"
import { connectionTo } from "./support/connectionTo.ts"

const stream: StreamDefinition = {
  name: "WORK",
  subjects: ["work.>"],
  maxAgeMillis: 3_600_000,
  duplicateWindowMillis: 60_000,
  retention: "workqueue",
  room: { percent: 1 },
  whenFull: "refuse"
}
const publish = (subject: string, text: string) =>
  Effect.flatMap(NatsConnection, ({ jetstream }) => Effect.promise(() => jetstream.publish(subject, text)))
const text = (data: Uint8Array) => new TextDecoder().decode(data)
const withServer = <A, E>(
  test: (server: Effect.Success<ReturnType<typeof natsServer>>) => Effect.Effect<A, E, never>
) => Effect.flatMap(natsServer(), test)

describe("a durable consumer", () => {
  it.live(
    "hands each message to one of the instances, gives back what failed, and keeps nothing that was handled",
    () =>
      withServer((server) =>
        Effect.gen(function* () {
          yield* ensureStreams({ streams: [stream], buckets: [] })
          const handled: Array<string> = []
          let failures = 1
          const instance = durableConsumer({
            stream: "WORK",
            durable: "workers",
            filterSubject: "work.>",
            retryMillis: 50,
            handler: (messages) =>
              Effect.suspend(() => {
                if (messages.some((message) => text(message.data) === "7") && failures-- > 0)
                  return Effect.fail("not yet")
                handled.push(...messages.map((message) => text(message.data)))
                return Effect.void
              })
          })
          yield* instance
          yield* instance
          for (let i = 0; i < 50; i++) yield* publish("work.a", String(i))
          yield* waitUntil(() => handled.length >= 50)
          assert.deepStrictEqual(
            handled.map(Number).toSorted((a, b) => a - b),
            Array.from({ length: 50 }, (_, i) => i)
          )
          const { manager } = yield* NatsConnection
          yield* waitUntil(
            Effect.promise(() => manager.streams.info("WORK")).pipe(Effect.map((i) => i.state.messages === 0))
          )
        }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
      )
  )

  it.live("sets aside what fails alone, and does all else meanwhile (trust C3)", () =>
    withServer((server) =>
      Effect.gen(function* () {
        yield* ensureStreams({ streams: [stream, Streams.setAside], buckets: [] })
        const handled: Array<string> = []
        yield* durableConsumer({
          stream: "WORK",
          durable: "workers",
          filterSubject: "work.>",
          retryMillis: 20,
          handler: (messages) =>
            Effect.sync(() => {
              const bad = messages.find((message) => text(message.data).startsWith("bad"))
              if (bad !== undefined) throw new Error(`can't be held: ${text(bad.data)} \u0000`)
              handled.push(...messages.map((message) => text(message.data)))
            })
        })
        const { manager } = yield* NatsConnection
        const left = Effect.promise(() => manager.streams.info("WORK")).pipe(Effect.map((i) => i.state.messages))
        for (let i = 0; i < 40; i++) yield* publish("work.a", i % 10 === 3 ? `bad${i}` : String(i))
        // While others are handled, failures count.
        yield* publish("work.b", "more").pipe(
          Effect.andThen(Effect.sleep(20)),
          Effect.repeat({ until: () => Effect.map(left, (count) => count === 0) })
        )
        assert.includeMembers(
          handled,
          Array.from({ length: 40 }, (_, i) => String(i)).filter((i) => Number(i) % 10 !== 3)
        )
        const aside = yield* readMessages("SET_ASIDE", Subjects.setAside("workers"), 10)
        assert.deepStrictEqual(aside.map(({ data }) => text(data)).toSorted(), ["bad13", "bad23", "bad3", "bad33"])
        assert.deepStrictEqual(
          [aside[0]!.header(SetAsideHeader.stream), aside[0]!.header(SetAsideHeader.subject)],
          ["WORK", "work.a"]
        )
        assert.include(aside[0]!.header(SetAsideHeader.reason), "can't be held: bad")
      }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
    )
  )

  it.live("handles what comes alone at once, and what comes soon after it together", () =>
    withServer((server) =>
      Effect.gen(function* () {
        yield* ensureStreams({ streams: [stream], buckets: [] })
        const batches: Array<number> = []
        yield* durableConsumer({
          stream: "WORK",
          durable: "workers",
          filterSubject: "work.>",
          batchMax: 10,
          batchEveryMillis: 2_000,
          handler: (messages) => Effect.sync(() => void batches.push(messages.length))
        })
        yield* publish("work.a", "1")
        yield* waitUntil(() => batches.length === 1)
        yield* Effect.forEach(Array.from({ length: 25 }), () => publish("work.a", "more"), { concurrency: "unbounded" })
        yield* waitUntil(() => batches.reduce((sum, length) => sum + length, 0) === 26)
        assert.deepStrictEqual(batches, [1, 10, 10, 5])
      }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
    )
  )

  it.live.each([0, 50])(
    "goes on after the server was killed and after its consumer was deleted, each %i ms",
    (millis) =>
      withServer((server) =>
        Effect.gen(function* () {
          yield* ensureStreams({ streams: [stream], buckets: [] })
          const handled: Array<string> = []
          yield* durableConsumer({
            stream: "WORK",
            durable: "workers",
            filterSubject: "work.>",
            batchEveryMillis: millis,
            handler: (messages) => Effect.sync(() => void handled.push(...messages.map((m) => text(m.data))))
          })
          yield* publish("work.a", "1")
          yield* waitUntil(() => handled.length === 1)
          yield* server.stop("SIGKILL")
          yield* server.start
          const { connected, manager } = yield* NatsConnection
          yield* waitUntil(connected)
          yield* publish("work.a", "2")
          yield* waitUntil(() => handled.includes("2"))
          yield* Effect.promise(() => manager.consumers.delete("WORK", "workers"))
          yield* publish("work.a", "3")
          yield* waitUntil(() => handled.includes("3"))
        }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
      )
  )
})

describe("a tail consumer", () => {
  it.live("starts with what is new and misses nothing over a restart of the server", () =>
    withServer((server) =>
      Effect.gen(function* () {
        yield* ensureStreams({ streams: [{ ...stream, retention: "limits" }], buckets: [] })
        yield* publish("work.a", "old")
        const heard: Array<string> = []
        let hears = false
        yield* tailConsumer("WORK", "work.>", (message) => heard.push(text(message.data)), {
          onCaughtUp: () => void (hears = true),
          onInterrupted: () => void (hears = false)
        })
        // The consumer is there once it hears; before, everything is old.
        yield* waitUntil(Effect.map(publish("work.a", "probe"), () => heard.length > 0))
        assert.notInclude(heard, "old")
        assert.isTrue(hears)
        yield* server.stop("SIGKILL")
        yield* waitUntil(() => !hears)
        yield* server.start
        const { connected } = yield* NatsConnection
        yield* waitUntil(connected)
        for (let i = 0; i < 10; i++) yield* publish("work.a", `n${i}`)
        yield* waitUntil(() => heard.includes("n9"))
        yield* waitUntil(() => hears)
        assert.deepStrictEqual(
          heard.filter((message) => message.startsWith("n")),
          Array.from({ length: 10 }, (_, i) => `n${i}`)
        )
      }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
    )
  )
})

describe("the event publisher", () => {
  it.live("stores what was published while the server was away, each event once", () =>
    withServer((server) =>
      Effect.gen(function* () {
        const { connected, manager } = yield* NatsConnection
        const events = yield* EventPublisher
        yield* ensureStreams({ streams: [{ ...stream, retention: "limits" }], buckets: [] })
        for (let i = 0; i < 20; i++) events.publish("event", "work.e", { i })
        yield* server.stop("SIGKILL")
        yield* waitUntil(() => !connected())
        for (let i = 20; i < 40; i++) assert.isTrue(events.publish("event", "work.e", { i }))
        assert.isAtLeast(events.waiting(), 20)
        yield* server.start
        yield* waitUntil(() => events.waiting() === 0)
        const info = yield* Effect.promise(() => manager.streams.info("WORK"))
        assert.strictEqual(info.state.messages, 40)
      }).pipe(Effect.provide(EventPublisher.layer.pipe(Layer.provideMerge(connectionTo(server)))), Effect.scoped)
    )
  )

  it.live(
    "lets presence pass events that their stream does not take, and keeps a bounded number of these (trust A1)",
    () =>
      withServer((server) =>
        Effect.gen(function* () {
          const { manager } = yield* NatsConnection
          const events = yield* EventPublisher
          const full = { name: "FULL", subjects: ["full.>"], max_msgs: 1, discard: DiscardPolicy.New }
          yield* Effect.promise(() => manager.streams.add(full))
          yield* ensureStreams({ streams: [{ ...stream, retention: "limits" }], buckets: [] })
          let taken = 0
          for (let i = 0; i < 2 * eventsWaitingMax.event; i++) if (events.publish("event", "full.e", { i })) taken++
          assert.strictEqual(taken, eventsWaitingMax.event)
          for (let i = 0; i < 100; i++) assert.isTrue(events.publish("presence", "work.p", { i }))
          yield* waitUntil(
            Effect.promise(() => manager.streams.info("WORK")).pipe(Effect.map((info) => info.state.messages === 100))
          )
        }).pipe(Effect.provide(EventPublisher.layer.pipe(Layer.provideMerge(connectionTo(server)))), Effect.scoped)
      )
  )

  it.live("stores what waits before its scope ends", () =>
    withServer((server) =>
      Effect.gen(function* () {
        yield* ensureStreams({ streams: [stream], buckets: [] })
        yield* Effect.gen(function* () {
          const events = yield* EventPublisher
          for (let i = 0; i < 100; i++) events.publish("event", "work.e", { i })
        }).pipe(Effect.provide(EventPublisher.layer))
        const { manager } = yield* NatsConnection
        const info = yield* Effect.promise(() => manager.streams.info("WORK"))
        assert.strictEqual(info.state.messages, 100)
      }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
    )
  )
})
