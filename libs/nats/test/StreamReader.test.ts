import { assert, describe, it } from "@effect/vitest"
import type { StreamDefinition } from "@roost/contracts"
import { natsServer, waitUntil } from "@roost/testkit"
import { Effect, Fiber, Stream } from "effect"
import { ensureStreams, lastSequence, NatsConnection, publishMessage, readMessages, readStream } from "../src/index.ts"
import { connectionTo } from "./support/connectionTo.ts"

const stream: StreamDefinition = {
  name: "READ",
  subjects: ["read.>"],
  maxAgeMillis: 3_600_000,
  duplicateWindowMillis: 60_000,
  retention: "limits",
  room: { percent: 1 },
  whenFull: "refuse"
}

const consumers = Effect.flatMap(NatsConnection, ({ manager }) =>
  Effect.promise(async () => (await manager.streams.info("READ")).state.consumer_count)
)

const withStream = <A, E>(test: Effect.Effect<A, E, NatsConnection>) =>
  Effect.gen(function* () {
    const server = yield* natsServer()
    yield* Effect.andThen(ensureStreams({ streams: [stream], buckets: [] }), test).pipe(
      Effect.provide(connectionTo(server))
    )
  })

const publish = (count: number) =>
  Effect.forEach(Array.from({ length: count }), (_, i) => publishMessage("read.a", Buffer.from(String(i))), {
    discard: true
  })

describe("a stream that is read from a sequence on", () => {
  it.live("brings what is there and what follows, each once, in order", () =>
    withStream(
      Effect.gen(function* () {
        yield* publish(100)
        const first = (yield* lastSequence("READ")) - 99
        const heard: Array<number> = []
        const reading = readStream({ stream: "READ", filterSubject: "read.>", behind: { sequence: first + 9 } }).pipe(
          Stream.runForEach(({ sequence }) => Effect.sync(() => heard.push(sequence)))
        )
        yield* Effect.forkScoped(reading)
        yield* waitUntil(() => heard.length === 90)
        yield* publish(10)
        yield* waitUntil(() => heard.length >= 100)
        assert.deepStrictEqual(
          heard,
          Array.from({ length: 100 }, (_, i) => first + 10 + i)
        )
        assert.strictEqual(yield* lastSequence("READ"), first + 109)
      }).pipe(Effect.scoped)
    )
  )

  it.live("ends at once whenever its reader leaves, and leaves no consumer", () =>
    withStream(
      Effect.gen(function* () {
        const reading = Stream.runDrain(
          readStream({ stream: "READ", filterSubject: "read.>", behind: { sequence: 0 } })
        )
        // Before, while and after its consumer is made.
        for (let turns = 0; turns < 60; turns++) {
          const fiber = yield* Effect.forkChild(reading)
          for (let turn = 0; turn < turns; turn++) yield* Effect.promise(() => new Promise(setImmediate))
          yield* Fiber.interrupt(fiber)
        }
        yield* waitUntil(Effect.map(consumers, (count) => count === 0))
      })
    )
  )

  it.live("is read up to a number of messages, oldest first", () =>
    withStream(
      Effect.gen(function* () {
        assert.isEmpty(yield* readMessages("READ", "read.>", 10))
        yield* publish(5)
        const texts = (max: number) =>
          Effect.map(readMessages("READ", "read.>", max), (messages) =>
            messages.map(({ data }) => Buffer.from(data).toString())
          )
        assert.deepStrictEqual(yield* texts(3), ["0", "1", "2"])
        assert.deepStrictEqual(yield* texts(10), ["0", "1", "2", "3", "4"])
      })
    )
  )
})
