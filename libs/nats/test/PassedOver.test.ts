import { assert, describe, it } from "@effect/vitest"
import { jetstream } from "@nats-io/jetstream"
import { Buckets, type BucketDefinition, Streams } from "@roost/contracts"
import { natsServer, passingOver, waitUntil } from "@roost/testkit"
import { Effect, Layer, Schema } from "effect"
import {
  durableConsumer,
  ensureStreams,
  followTail,
  makeStreamPublisher,
  NatsConnection,
  openBucket,
  tailConsumer
} from "../src/index.ts"
import { connectionTo } from "./support/connectionTo.ts"

const definition: BucketDefinition = { name: "THINGS", ttlMillis: 0, history: 1, room: { percent: 1 } }
const Thing = Schema.Struct({ n: Schema.Int })

/** The client as that of a cluster: a server alone has no replica that anything could reach too late. */
const inCluster = <C extends { readonly info?: unknown }>(client: C): C =>
  new Proxy(client, {
    get: (target, name) =>
      name === "info" ? { ...(target.info as object), cluster: "cluster" } : Reflect.get(target, name)
  })

/** A connection whose consumers pass over what `hides` says. */
const blinded = (server: Parameters<typeof connectionTo>[0], hides: (subject: string) => boolean) =>
  Layer.effect(
    NatsConnection,
    Effect.map(NatsConnection, (connection) => {
      const client = inCluster(passingOver(connection.client, hides))
      return NatsConnection.of({ ...connection, client, jetstream: jetstream(client) })
    })
  ).pipe(Layer.provideMerge(connectionTo(server)))

/** The store turns down what this process writes. */
const refuse = Effect.gen(function* () {
  const outcome: Array<string> = []
  const publisher = yield* makeStreamPublisher({ onSettled: (_, settled) => outcome.push(settled._tag) })
  publisher.publish("nobody.has.this", "", new Uint8Array(0), 1)
  yield* waitUntil(() => outcome.length > 0)
  assert.deepStrictEqual(outcome, ["Failed"])
})

describe("what a consumer passed over while the store refused writes", () => {
  it.live("is told to who watches the bucket, once the store takes again", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      let blind = false
      yield* Effect.gen(function* () {
        yield* ensureStreams({ streams: [], buckets: [definition] })
        const bucket = yield* openBucket(definition, Thing)
        yield* bucket.put("gone", { n: 1 })
        const seen: Array<string> = []
        yield* bucket.watch(">", {
          onPut: ({ key, value }) => seen.push(`${key}=${value.n}`),
          onDelete: (key) => seen.push(`-${key}`),
          onInitialDone: () => seen.push("all")
        })
        yield* waitUntil(() => seen.includes("all"))
        blind = true
        yield* refuse
        yield* bucket.put("missed", { n: 1 })
        yield* bucket.delete("gone")
        yield* bucket.put("told", { n: 1 })
        yield* waitUntil(() => seen.includes("told=1"))
        blind = false
        assert.notInclude(seen, "missed=1")
        yield* waitUntil(() => seen.includes("missed=1") && seen.includes("-gone"))
      }).pipe(Effect.provide(blinded(server, (subject) => blind && !subject.endsWith("told"))), Effect.scoped)
    })
  )

  it.live("is told to who watches the bucket from time to time, whatever the store did", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      let blind = true
      yield* Effect.gen(function* () {
        yield* ensureStreams({ streams: [], buckets: [definition] })
        const bucket = yield* openBucket(definition, Thing)
        const seen: Array<string> = []
        const onMessage = ({ subject }: { readonly subject: string }) => seen.push(subject)
        const options = { stream: "KV_THINGS", filterSubject: "$KV.THINGS.>", from: "last", onMessage } as const
        yield* Effect.forkScoped(followTail({ ...options, readAnew: { millisMin: 100, readingsMin: 1 } }))
        yield* bucket.put("told", { n: 1 })
        yield* waitUntil(() => seen.includes("$KV.THINGS.told"))
        yield* bucket.put("missed", { n: 1 })
        blind = false
        yield* waitUntil(() => seen.includes("$KV.THINGS.missed"))
      }).pipe(Effect.provide(blinded(server, (subject) => blind && !subject.endsWith("told"))), Effect.scoped)
    })
  )

  it.live("comes to a tail, with what came behind it once more", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      let blind = false
      yield* Effect.gen(function* () {
        const { jetstream } = yield* NatsConnection
        yield* ensureStreams({ streams: [Streams.credential], buckets: [Buckets.commands] })
        const heard: Array<string> = []
        const publish = (text: string) => Effect.promise(() => jetstream.publish(`roost.credential.pk.${text}`, text))
        yield* tailConsumer(Streams.credential.name, Streams.credential.subjects[0]!, ({ data }) =>
          heard.push(Buffer.from(data).toString("utf8"))
        )
        yield* waitUntil(Effect.map(publish("probe"), () => heard.length > 0))
        yield* refuse
        blind = true
        yield* publish("missed")
        yield* publish("told")
        yield* waitUntil(() => heard.includes("told"))
        blind = false
        assert.notInclude(heard, "missed")
        yield* waitUntil(() => heard.includes("missed"))
        yield* waitUntil(() => heard.filter((text) => text === "told").length === 2)
      }).pipe(Effect.provide(blinded(server, (subject) => blind && !subject.endsWith("told"))), Effect.scoped)
    })
  )

  it.live("comes to a durable consumer, with what came behind it once more", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      let blind = false
      yield* Effect.gen(function* () {
        const { jetstream } = yield* NatsConnection
        yield* ensureStreams({ streams: [Streams.event, Streams.setAside], buckets: [] })
        const heard: Array<string> = []
        const publish = (text: string) => Effect.promise(() => jetstream.publish(`roost.event.pk.dk.${text}`, text))
        yield* durableConsumer({
          stream: Streams.event.name,
          durable: "readers",
          filterSubject: Streams.event.subjects[0]!,
          handler: (messages) =>
            Effect.sync(() => void heard.push(...messages.map(({ data }) => Buffer.from(data).toString("utf8"))))
        })
        yield* publish("before")
        yield* waitUntil(() => heard.includes("before"))
        yield* refuse
        blind = true
        yield* publish("missed")
        yield* publish("told")
        yield* waitUntil(() => heard.includes("told"))
        blind = false
        assert.notInclude(heard, "missed")
        yield* waitUntil(() => heard.includes("missed"))
        yield* waitUntil(() => heard.filter((text) => text === "told").length === 2)
      }).pipe(Effect.provide(blinded(server, (subject) => blind && !subject.endsWith("told"))), Effect.scoped)
    })
  )
})
