import { assert, describe, it } from "@effect/vitest"
import { Buckets, EventKind, Streams, Subjects } from "@roost/contracts"
import { NatsConnection } from "@roost/nats"
import { Health, metrics } from "@roost/observability"
import { natsServer } from "@roost/testkit"
import { ConfigProvider, Effect, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import {
  type EventReaders,
  eventStream,
  eventsWaitingMax,
  heartbeatSeconds,
  parsePosition,
  stalledMillisMax
} from "../src/index.ts"

/** Readers on a nats-server of their own, which starts and stops by the real clock; only who reads has the test's. */
const world = Effect.gen(function* () {
  const server = yield* natsServer()
  const context = yield* Layer.build(
    NatsConnection.layer("events").pipe(
      Layer.provideMerge(Health.layer),
      Layer.provideMerge(ConfigProvider.layer(ConfigProvider.fromUnknown({ NATS_URL: server.url })))
    )
  )
  const readers: EventReaders = new Set()
  return yield* Effect.gen(function* () {
    const { jetstream, manager } = yield* NatsConnection
    // Their sequences begin with 1, those that `ensureStreams` makes with the time.
    const history = { name: `KV_${Buckets.commandHistory.name}`, subjects: [`$KV.${Buckets.commandHistory.name}.>`] }
    for (const { name, subjects } of [Streams.uplink, Streams.presence, history]) {
      yield* Effect.promise(() => manager.streams.add({ name, subjects: [...subjects] }))
    }
    const store = (subject: string, count: number, body: object = {}) =>
      Effect.promise(async () => {
        for (let i = 0; i < count; i++) await jetstream.publish(subject, JSON.stringify(body))
      })
    return {
      readers,
      post: (count: number) => store(Subjects.uplink("pk", "d", "measurepoint"), count),
      end: () =>
        store(`$KV.${Buckets.commandHistory.name}.1.a.b`, 1, {
          commandId: "c",
          productKey: "pk",
          deviceKey: "d",
          kind: "raw",
          identifier: "",
          topic: "",
          payload: "",
          state: "failed",
          createdAt: 0,
          expiresAt: 0,
          instant: true,
          timeoutSeconds: 1,
          deliveries: 0,
          maxDeliveries: 3,
          finishedAt: 5
        }),
      makeAnew: Effect.promise(async () => {
        const { name, subjects } = Streams.uplink
        await manager.streams.delete(name)
        await manager.streams.add({ name, subjects: [...subjects] })
      }),
      /** Blocks of the text, one by one. */
      read: (last: string, kinds: ReadonlyArray<EventKind> = EventKind.literals) =>
        eventStream({ kinds, filter: {}, position: parsePosition(last)! }, readers).pipe(
          Effect.map(Stream.provideContext(context)),
          Effect.flatMap(Stream.toPull),
          Effect.provideContext(context)
        )
    }
  }).pipe(Effect.provideContext(context))
})

const idOf = (block: string) => /^id: (.*)$/m.exec(block)?.[1] ?? ""
/** The sequences in it, without the times. */
const placeOf = (block: string) => idOf(block).replaceAll(/@\d+/g, "")
const eventOf = (block: string) => /^event: (.*)$/m.exec(block)?.[1] ?? ""

/** The server's time, which is not the test's. */
const soon = Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 20)))

const overruns = Effect.sync(() => Number(/^roost_events_overrun_total (.*)$/m.exec(metrics.render())![1]))

describe("a stream of events", () => {
  it.live("has an id for kinds that were silent too: what they bring while the reader is away is not lost", () =>
    Effect.gen(function* () {
      const { end, post, read } = yield* world
      yield* post(2)
      const first = yield* read("uplink=1")
      const seen: Array<string> = []
      yield* Effect.repeat(
        Effect.map(first, (blocks) => seen.push(...blocks)),
        { until: () => seen.length >= 2 }
      )
      assert.deepStrictEqual(seen.map(placeOf), ["uplink=1,presence=0,command=0", "uplink=2,presence=0,command=0"])
      yield* end()
      const again = yield* read(idOf(seen[1]!))
      yield* again
      const [block = ""] = yield* again
      assert.deepStrictEqual([eventOf(block), placeOf(block)], ["command", "uplink=2,presence=0,command=1"])
    }).pipe(Effect.scoped)
  )

  it.live("goes on with what took the places of lost events, for who comes back with the id of one (trust B1)", () =>
    Effect.gen(function* () {
      const { makeAnew, post, read } = yield* world
      yield* post(2)
      const first = yield* read("uplink=1", ["uplink"])
      const seen: Array<string> = []
      yield* Effect.repeat(
        Effect.map(first, (blocks) => seen.push(...blocks)),
        { until: () => seen.length >= 2 }
      )
      yield* makeAnew
      yield* post(4)
      const again = yield* read(idOf(seen[1]!), ["uplink"])
      const heard: Array<string> = []
      yield* Effect.repeat(
        Effect.map(again, (blocks) => heard.push(...blocks.filter((block) => eventOf(block) === "uplink"))),
        { until: () => heard.length >= 4 }
      )
      assert.deepStrictEqual(
        heard.map(placeOf),
        [1, 2, 3, 4].map((sequence) => `uplink=${sequence}`)
      )
    }).pipe(Effect.scoped)
  )

  it.live("has a comment with the position while nothing happens, and says that the service stops", () =>
    Effect.gen(function* () {
      const { read, readers } = yield* world
      yield* Effect.gen(function* () {
        const pull = yield* read("")
        assert.lengthOf(yield* pull, 1)
        // Its fibers have begun.
        yield* soon
        yield* TestClock.adjust(heartbeatSeconds * 1000)
        assert.deepStrictEqual(yield* pull, ["id: uplink=0@0,presence=0@0,command=0@0\n: in use\n\n"])
        for (const stop of readers) stop("stopped")
        assert.deepStrictEqual((yield* pull).map(eventOf), ["stopped"])
      }).pipe(Effect.scoped, Effect.provide(TestClock.layer()))
    }).pipe(Effect.scoped)
  )

  it.live("is as fast as its reader; one that stands still is cut off, and misses nothing when it comes again", () =>
    Effect.gen(function* () {
      const { post, read } = yield* world
      const count = 3 * eventsWaitingMax
      yield* post(count)
      const end = `uplink=${count}@`
      const readOn = Effect.fnUntraced(function* (after: string, standsStill: boolean) {
        const ids: Array<string> = []
        const pull = yield* read(after, ["uplink"])
        yield* pull
        if (standsStill) {
          // The time of grace begins when all of the queue's room is used.
          const before = yield* overruns
          while ((yield* overruns) === before) {
            yield* soon
            yield* TestClock.adjust(stalledMillisMax)
          }
        }
        for (;;) {
          const blocks = yield* pull
          ids.push(...blocks.filter((block) => eventOf(block) === "uplink").map(idOf))
          if (ids.at(-1)?.startsWith(end) || blocks.some((block) => eventOf(block) === "overrun")) return ids
        }
      }, Effect.scoped)
      const first = yield* readOn("uplink=0", true).pipe(Effect.provide(TestClock.layer()))
      assert.isBelow(first.length, count)
      const rest = yield* readOn(first.at(-1)!, false)
      assert.deepStrictEqual(
        [...first, ...rest].map((id) => id.replace(/@.*/, "")),
        Array.from({ length: count }, (_, i) => `uplink=${i + 1}`)
      )
    }).pipe(Effect.scoped)
  )
})
