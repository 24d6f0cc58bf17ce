import { assert, it } from "@effect/vitest"
import {
  type BucketDefinition,
  FormatHeader,
  FrameWriter,
  formatMember,
  SetAsideHeader,
  type StreamDefinition,
  Streams,
  Subjects
} from "@roost/contracts"
import { headers } from "@nats-io/transport-node"
import { natsServer, waitUntil } from "@roost/testkit"
import { Effect, Logger, Schema } from "effect"
import {
  durableConsumer,
  ensureStreams,
  followTail,
  FrameBus,
  lastMessage,
  NatsConnection,
  openBucket,
  publishMessage,
  readMessages
} from "../src/index.ts"
import { connectionTo } from "./support/connectionTo.ts"

const bucketDefinition: BucketDefinition = { name: "THINGS", ttlMillis: 0, history: 1, room: { percent: 1 } }
const Thing = Schema.Struct({ n: Schema.Int })
const stream: StreamDefinition = { ...Streams.event, name: "WORK", subjects: ["work.>"] }
const text = (data: Uint8Array) => new TextDecoder().decode(data)

it.live("what a newer Roost wrote is refused with a sentence, never misread; what says no version is read", () =>
  Effect.gen(function* () {
    const server = yield* natsServer()
    const lines: Array<string> = []
    const log = Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))])
    yield* Effect.gen(function* () {
      const { client, jetstream } = yield* NatsConnection
      yield* ensureStreams({ streams: [stream, Streams.setAside], buckets: [bucketDefinition] })
      const newer = (subject: string, data: string) =>
        Effect.promise(() => {
          const of = headers()
          of.set(FormatHeader, "1")
          return jetstream.publish(subject, data, { headers: of })
        })
      const told = (what: RegExp) => waitUntil(() => lines.some((line) => what.test(line)))

      const bucket = yield* openBucket(bucketDefinition, Thing)
      yield* publishMessage("$KV.THINGS.newer", new TextEncoder().encode(JSON.stringify({ n: 1, [formatMember]: 1 })))
      yield* publishMessage("$KV.THINGS.older", new TextEncoder().encode(JSON.stringify({ n: 2 })))
      const refused = yield* Effect.flip(bucket.get("newer"))
      assert.match(refused.message, /key newer: Malformed, it has format 1, and this version reads formats up to 0/)
      const put: Array<string> = []
      yield* bucket.watch(">", { onPut: ({ key }) => void put.push(key), onDelete: () => {} })
      yield* waitUntil(() => put.includes("older"))
      assert.deepStrictEqual(put, ["older"])
      yield* told(/key newer: Malformed, it has format 1/)

      const tailed: Array<string> = []
      const tail = { stream: "WORK", filterSubject: "work.>", from: "last" as const }
      yield* Effect.forkScoped(followTail({ ...tail, onMessage: ({ data }) => void tailed.push(text(data)) }))
      const handled: Array<string> = []
      yield* durableConsumer({
        stream: "WORK",
        durable: "workers",
        filterSubject: "work.>",
        retryMillis: 20,
        handler: (messages) => Effect.sync(() => void handled.push(...messages.map(({ data }) => text(data))))
      })
      yield* newer("work.a", "newer")
      const aside = readMessages("SET_ASIDE", Subjects.setAside("workers"), 10)
      yield* publishMessage("work.b", new TextEncoder().encode("older")).pipe(
        Effect.andThen(Effect.sleep(20)),
        Effect.repeat({ until: () => Effect.map(aside, (messages) => messages.length === 1) })
      )
      assert.include((yield* aside)[0]!.header(SetAsideHeader.reason), "it has format 1")
      assert.notInclude(handled, "newer")
      yield* waitUntil(() => tailed.includes("older"))
      assert.notInclude(tailed, "newer")
      yield* told(/tail of work\.>: message \d+ \(work\.a\) is passed over, it has format 1/)
      const last = yield* Effect.flip(lastMessage("WORK", "work.a"))
      assert.include(last.message, "a newer Roost wrote it. Update this app")

      const bus = yield* FrameBus
      const frames: Array<number> = []
      const subject = Subjects.frameToEdge("e1")
      yield* bus.subscribe(subject, (bytes) => void frames.push(bytes[0]!))
      const frame = new FrameWriter("n1").take()
      client.publish(subject, Uint8Array.of(frame[0]! + 1, ...frame.subarray(1)))
      client.publish(subject, frame)
      yield* waitUntil(() => frames.length > 0)
      assert.deepStrictEqual(frames, [frame[0]])
      yield* told(/a frame of roost\.frame\.edge\.e1 is passed over: it has version 2, and this app reads version 1/)
    }).pipe(Effect.provide(FrameBus.layer), Effect.provide(log), Effect.provide(connectionTo(server)), Effect.scoped)
  })
)
