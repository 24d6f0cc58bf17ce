import { assert, describe, it } from "@effect/vitest"
import { applicationConsumerRpc, type StreamDefinition, Streams } from "@roost/contracts"
import { type NatsServer, natsServer, waitUntil } from "@roost/testkit"
import { Effect, Layer, Scope, Stream } from "effect"
import { cpSync, globSync, rmSync } from "node:fs"
import { join } from "node:path"
import {
  ApplicationConsumers,
  durableConsumer,
  endOfStream,
  ensureStreams,
  NatsConnection,
  type ReaderPlace,
  readStream,
  requestRpc,
  tailConsumer
} from "../src/index.ts"
import { connectionTo } from "./support/connectionTo.ts"

const streams: ReadonlyArray<StreamDefinition> = [
  { ...Streams.event, name: "NEWS", subjects: ["news.>"] },
  { ...Streams.commandEvent, name: "WORK", subjects: ["work.>"] }
]

/** The messages that each reader heard. */
class Readers {
  readonly news: Array<string> = []
  readonly work: Array<string> = []
  readonly tail: Array<string> = []
  /** Of who may be slow, as applications with server-sent events. */
  readonly slow: Array<string> = []
  place: ReaderPlace | undefined

  constructor(place?: ReaderPlace) {
    this.place = place
  }

  readonly start = Effect.gen({ self: this }, function* () {
    yield* durable("NEWS", "news.>", this.news)
    yield* durable("WORK", "work.>", this.work)
    let hears = false
    yield* tailConsumer("NEWS", "news.>", ({ data }) => this.tail.push(text(data)), {
      onCaughtUp: () => void (hears = true)
    })
    this.place ??= yield* endOfStream("NEWS")
    const slow = readStream({ stream: "NEWS", filterSubject: "news.>", behind: this.place })
    const take = Stream.runForEach(slow, ({ data, sequence, storedAt }) =>
      Effect.sync(() => {
        this.slow.push(text(data))
        this.place = { sequence, storedAt }
      })
    )
    yield* Effect.forkScoped(take)
    yield* waitUntil(() => hears)
  })

  /** Waits until all have heard all of these. */
  readonly hear = (...texts: ReadonlyArray<string>) =>
    waitUntil(() =>
      [this.news, this.work, this.tail, this.slow].every((heard) => texts.every((expected) => heard.includes(expected)))
    )
}

const durable = (stream: string, filterSubject: string, heard: Array<string>) =>
  durableConsumer({
    stream,
    durable: "readers",
    filterSubject,
    handler: (messages) => Effect.sync(() => void heard.push(...messages.map(({ data }) => text(data))))
  })

const text = (data: Uint8Array): string => new TextDecoder().decode(data)

const publish = (...texts: ReadonlyArray<string>) =>
  Effect.flatMap(NatsConnection, ({ jetstream }) =>
    Effect.promise(async () => {
      for (const each of texts) for (const subject of ["news.a", "work.a"]) await jetstream.publish(subject, each)
    })
  )

/** Files of the server below its store, and a copy of them. */
const filesOf = (server: NatsServer, pattern: string) =>
  globSync(pattern, { cwd: server.storeDirectory }).map((file) => ({
    there: join(server.storeDirectory, file),
    copy: join(`${server.storeDirectory}.copy`, file)
  }))

const whileStopped = (server: NatsServer, work: () => void) =>
  Effect.gen(function* () {
    const { connected } = yield* NatsConnection
    yield* server.stop()
    yield* waitUntil(() => !connected())
    work()
    yield* server.start
    yield* waitUntil(connected)
  })

const copyStore = (server: NatsServer) =>
  whileStopped(server, () => cpSync(server.storeDirectory, `${server.storeDirectory}.copy`, { recursive: true }))

const putBack = (server: NatsServer, pattern: string) =>
  whileStopped(server, () => {
    for (const { copy, there } of filesOf(server, pattern)) {
      rmSync(there, { recursive: true })
      cpSync(copy, there, { recursive: true })
    }
  })

/** The state that a power cut may leave: messages that no disk had are gone, and the positions of consumers are not. */
const messagesOnly = "**/streams/{NEWS,WORK}/msgs"
/** And the bucket STORE with them, which knows how far the readers came. */
const messagesAndPlaces = "**/streams/{NEWS,WORK,KV_STORE}/msgs"
const wholeStore = "jetstream"

/** Until each durable consumer has told where it is. */
const placesTold = Effect.flatMap(NatsConnection, ({ manager }) =>
  Effect.forEach(["NEWS", "WORK"], (stream) =>
    waitUntil(
      Effect.map(
        Effect.promise(() =>
          manager.streams.getMessage("KV_STORE", { last_by_subj: `$KV.STORE.place.${stream}.readers` })
        ),
        (told) => told !== null
      )
    )
  )
)

const withServer = (
  test: (server: NatsServer, readers: Readers) => Effect.Effect<void, unknown, NatsConnection | Scope.Scope>
) =>
  Effect.gen(function* () {
    const server = yield* natsServer()
    yield* Effect.gen(function* () {
      yield* ensureStreams({ streams, buckets: [] })
      yield* test(server, new Readers())
    }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
  })

describe("what takes the places of messages that a store lost", () => {
  it.live("is read by who read on, once a power cut took the messages and not the positions (trust B1)", () =>
    withServer((server, readers) =>
      Effect.gen(function* () {
        yield* readers.start
        yield* publish("1")
        yield* readers.hear("1")
        yield* copyStore(server)
        yield* publish("lost 2", "lost 3", "lost 4")
        yield* readers.hear("lost 4")
        yield* putBack(server, messagesOnly)
        yield* publish("2", "3", "4", "5")
        yield* readers.hear("2", "3", "4", "5")
        yield* publish("6")
        yield* readers.hear("6")
      })
    )
  )

  it.live("is read by who begins after a power cut took the messages and not the positions (trust B1)", () =>
    withServer((server, readers) =>
      Effect.gen(function* () {
        const before = yield* Scope.make()
        yield* readers.start.pipe(Scope.provide(before))
        // The slow one has no other sign of having begun.
        yield* publish("0")
        yield* readers.hear("0")
        yield* copyStore(server)
        yield* publish("lost 1", "lost 2", "lost 3")
        yield* readers.hear("lost 3")
        yield* Scope.close(before, yield* Effect.exit(Effect.void))
        yield* putBack(server, messagesOnly)
        yield* publish("1", "2")
        const after = new Readers(readers.place)
        yield* after.start
        const hear = (...texts: ReadonlyArray<string>) =>
          waitUntil(() =>
            [after.news, after.work, after.slow].every((heard) => texts.every((each) => heard.includes(each)))
          )
        yield* hear("1", "2")
        yield* publish("3")
        yield* hear("3")
      })
    )
  )

  it.live.each([
    ["and not where the readers came to", messagesOnly],
    ["and where the readers came to", messagesAndPlaces]
  ] as const)("is read by who begins after more came than a power cut took of messages %s (trust B1)", ([, pattern]) =>
    withServer((server, readers) =>
      Effect.gen(function* () {
        const before = yield* Scope.make()
        yield* readers.start.pipe(Scope.provide(before))
        yield* publish("0")
        yield* readers.hear("0")
        yield* placesTold
        yield* copyStore(server)
        yield* publish("lost 1", "lost 2", "lost 3")
        yield* readers.hear("lost 3")
        yield* Scope.close(before, yield* Effect.exit(Effect.void))
        yield* putBack(server, pattern)
        yield* publish("1", "2", "3", "4", "5")
        const after = new Readers(readers.place)
        yield* after.start
        yield* waitUntil(() =>
          [after.news, after.work].every((heard) => ["1", "2", "3", "4", "5"].every((each) => heard.includes(each)))
        )
      })
    )
  )

  it.live("is read by applications, which ask for their consumers at their start (trust B1)", () =>
    withServer((server) =>
      Effect.gen(function* () {
        const { jetstream } = yield* NatsConnection
        yield* ensureStreams({ streams: [Streams.uplink], buckets: [] })
        yield* Layer.build(ApplicationConsumers.layer())
        const uplink = (each: string) => Effect.promise(() => jetstream.publish("roost.uplink.pk.dk.raw", each))
        const read = (count: number) =>
          Effect.gen(function* () {
            yield* requestRpc(applicationConsumerRpc, { stream: "UPLINK", consumer: "billing" })
            return yield* Effect.promise(async () => {
              const consumer = await jetstream.consumers.get("UPLINK", "billing")
              const heard: Array<string> = []
              for await (const message of await consumer.fetch({ max_messages: count, expires: 5_000 })) {
                heard.push(message.string())
                await message.ackAck()
              }
              return heard
            })
          })
        yield* copyStore(server)
        for (const each of ["lost 1", "lost 2"]) yield* uplink(each)
        assert.deepStrictEqual(yield* read(2), ["lost 1", "lost 2"])
        yield* putBack(server, "**/streams/UPLINK/msgs")
        yield* uplink("1")
        assert.deepStrictEqual(yield* read(1), ["1"])
      })
    )
  )

  it.live("is read after a backup of the whole store was restored (trust B1)", () =>
    withServer((server, readers) =>
      Effect.gen(function* () {
        yield* readers.start
        yield* publish("1")
        yield* readers.hear("1")
        yield* copyStore(server)
        yield* publish("lost 2", "lost 3", "lost 4")
        yield* readers.hear("lost 4")
        yield* putBack(server, wholeStore)
        yield* publish("2", "3", "4", "5")
        yield* readers.hear("2", "3", "4", "5")
      })
    )
  )

  it.live("is read after the streams were deleted and made again by hand, from 1 on (trust B3)", () =>
    withServer((_, readers) =>
      Effect.gen(function* () {
        const { manager } = yield* NatsConnection
        yield* readers.start
        yield* publish("lost 1", "lost 2", "lost 3")
        yield* readers.hear("lost 3")
        for (const { name, retention, subjects } of streams) {
          yield* Effect.promise(() => manager.streams.delete(name))
          yield* Effect.promise(() => manager.streams.add({ name, retention, subjects: [...subjects] }))
        }
        yield* publish("1", "2", "3", "4")
        yield* readers.hear("1", "2", "3", "4")
        assert.isAtMost(readers.work.filter((each) => each === "4").length, 2)
      })
    )
  )
})
