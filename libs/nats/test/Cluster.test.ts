import { assert, describe, it } from "@effect/vitest"
import { type BucketDefinition, type StreamDefinition, Streams } from "@roost/contracts"
import { Health } from "@roost/observability"
import { natsCluster, waitUntil } from "@roost/testkit"
import { Clock, Effect, Schedule, Schema } from "effect"
import {
  awaitStreams,
  ensureStreams,
  headerLines,
  makeStreamPublisher,
  NatsConnection,
  openBucket
} from "../src/index.ts"
import { connectionTo } from "./support/connectionTo.ts"

const bucketDefinition: BucketDefinition = { name: "THINGS", ttlMillis: 0, history: 1, room: { percent: 1 } }
const stream: StreamDefinition = {
  name: "WORK",
  subjects: ["work.>"],
  maxAgeMillis: 3_600_000,
  duplicateWindowMillis: 60_000,
  retention: "limits",
  room: { percent: 1 },
  whenFull: "refuse"
}
const Thing = Schema.Struct({ n: Schema.Int })

/** Noticing takes 6 s; an attempt that the cluster gives to the dead server 2.5 s more. The client's own: a minute. */
const silenceMillisMax = 50_000
const timeout = 240_000

describe("a cluster of three", () => {
  it.live(
    "loses a server: every message is stored once, and a watcher hears of writes within seconds",
    () =>
      Effect.gen(function* () {
        const servers = yield* natsCluster(3)
        const url = servers.map((server) => server.url).join(",")
        yield* Effect.gen(function* () {
          yield* ensureStreams({ streams: [stream], buckets: [bucketDefinition] })
          const bucket = yield* openBucket(bucketDefinition, Thing)
          const seen = new Set<number>()
          let loaded = false
          yield* bucket.watch(">", {
            onPut: ({ value }) => seen.add(value.n),
            onDelete: () => {},
            onInitialDone: () => {
              loaded = true
            }
          })
          yield* waitUntil(() => loaded)

          const settledTokens = new Set<number>()
          let unsettled: Array<number> = Array.from({ length: 500 }, (_, i) => i)
          const publisher = yield* makeStreamPublisher({
            ackTimeoutMillis: 1_000,
            onSettled: (token, settled) => {
              if (settled._tag === "Stored") settledTokens.add(token)
              else unsettled.push(token)
            }
          })
          const send = Effect.sync(() => {
            const batch = unsettled
            unsettled = []
            for (const token of batch) {
              const taken = publisher.publish(
                "work.a",
                headerLines([["Nats-Msg-Id", `m${token}`]]),
                new Uint8Array(9),
                token
              )
              if (!taken) unsettled.push(token)
            }
          })
          yield* send
          const { client, manager } = yield* NatsConnection
          const mine = servers.find((server) => client.getServer().endsWith(`:${server.port}`))!
          yield* mine.stop("SIGKILL")
          yield* waitUntil(Effect.map(send, () => settledTokens.size === 500))
          const info = yield* Effect.promise(() => manager.streams.info("WORK"))
          assert.strictEqual(info.state.messages, 500)

          const wroteAt = yield* bucket
            .put("k", { n: 1 })
            .pipe(Effect.retry(Schedule.spaced("50 millis")), Effect.andThen(Clock.currentTimeMillis))
          yield* waitUntil(() => seen.has(1))
          assert.isBelow((yield* Clock.currentTimeMillis) - wroteAt, silenceMillisMax)
        }).pipe(Effect.provide(connectionTo({ url }, { ROOST_NATS_REPLICAS: "3" })), Effect.scoped)
      }),
    timeout
  )

  it.live(
    "loses the server that feeds a watcher, which is connected to another: it hears again within seconds",
    () =>
      Effect.gen(function* () {
        const servers = yield* natsCluster(3)
        const url = servers.map((server) => server.url).join(",")
        yield* Effect.gen(function* () {
          yield* ensureStreams({ streams: [], buckets: [bucketDefinition] })
          const bucket = yield* openBucket(bucketDefinition, Thing)
          // The cluster places their consumers on its servers as it likes: with six, hardly all on two of three.
          const heard = Array.from({ length: 6 }, () => new Set<number>())
          let loaded = 0
          for (const values of heard) {
            yield* bucket.watch(">", {
              onPut: ({ value }) => values.add(value.n),
              onDelete: () => {},
              onInitialDone: () => loaded++
            })
          }
          yield* waitUntil(() => loaded === heard.length)
          const { client } = yield* NatsConnection
          const other = servers.find((server) => !client.getServer().endsWith(`:${server.port}`))!
          yield* other.stop("SIGKILL")
          yield* bucket.put("k", { n: 1 }).pipe(Effect.retry(Schedule.spaced("50 millis")))
          const wroteAt = yield* Clock.currentTimeMillis
          yield* waitUntil(() => heard.every((values) => values.has(1)))
          assert.isBelow((yield* Clock.currentTimeMillis) - wroteAt, silenceMillisMax)
        }).pipe(Effect.provide(connectionTo({ url }, { ROOST_NATS_REPLICAS: "3" })), Effect.scoped)
      }),
    timeout
  )

  it.live(
    "without most of its servers can't be written: whoever needs its streams is not ready, until they are back",
    () =>
      Effect.gen(function* () {
        const servers = yield* natsCluster(3)
        yield* Effect.gen(function* () {
          yield* ensureStreams({ streams: [Streams.uplink], buckets: [] })
          yield* awaitStreams({ streams: [Streams.uplink], buckets: [] })
          const health = yield* Health
          yield* waitUntil(() => health.readiness().ready)
          // Not the one that this process is connected to: that is there, and answers what it can by itself.
          for (const server of servers.slice(1)) yield* server.stop("SIGKILL")
          yield* waitUntil(() => !health.readiness().ready)
          const { checks } = health.readiness()
          assert.strictEqual(checks["nats"], "ok")
          assert.match(checks["streams"]!, /a cluster needs most of its servers/)
          for (const server of servers.slice(1)) yield* server.start
          yield* waitUntil(() => health.readiness().ready)
        }).pipe(Effect.provide(connectionTo(servers[0]!, { ROOST_NATS_REPLICAS: "3" })), Effect.scoped)
      }),
    timeout
  )
})
