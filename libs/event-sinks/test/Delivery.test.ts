import { assert, describe, it } from "@effect/vitest"
import { type NewSink, type StoredSink, Streams, Subjects, UplinkHeader } from "@roost/contracts"
import { allStreams, ensureStreams, NatsConnection } from "@roost/nats"
import { Health } from "@roost/observability"
import { natsServer, postgresServer, waitUntil } from "@roost/testkit"
import { headers } from "@nats-io/transport-node"
import { ConfigProvider, Effect, Layer } from "effect"
import { Client } from "pg"
import { layerSinkDelivery, SinkModels, Sinks, SinkScripts, SinkStatuses } from "../src/index.ts"
import { listDeadEvents, replayDeadEvents } from "../src/registry/DeadEvents.ts"

const onBus = (url: string) =>
  layerSinkDelivery({ retryMillis: 20, retryMillisMax: 200, triesMax: 5 }).pipe(
    Layer.provideMerge(Layer.mergeAll(Sinks.layer, SinkStatuses.layer, SinkModels.layer, SinkScripts.layer)),
    Layer.provide(Layer.effectDiscard(ensureStreams(allStreams))),
    Layer.provideMerge(NatsConnection.layer("sinks-test")),
    Layer.provideMerge(Health.layer),
    Layer.provide(
      ConfigProvider.layer(ConfigProvider.fromUnknown({ NATS_URL: url, ROOST_CLUSTER_KEY: "11".repeat(32) }))
    )
  )

const post = (deviceKey: string, measurepoints: string) =>
  Effect.flatMap(NatsConnection, ({ jetstream }) => {
    const told = headers()
    told.set(UplinkHeader.method, "thing.measurepoint.post")
    told.set(UplinkHeader.time, "1000")
    const body = `{"id":"1","version":"1.0","method":"thing.measurepoint.post","params":{"measurepoints":${measurepoints}}}`
    return Effect.promise(() =>
      jetstream.publish(Subjects.uplink("pk", deviceKey, "measurepoint"), body, { headers: told })
    )
  })

/** The table's rows, by device and point. */
const rowsIn = (url: string) =>
  Effect.promise(async () => {
    const client = new Client({ connectionString: url })
    try {
      await client.connect()
      const { rows } = await client.query<{ readonly row: string }>(
        "SELECT device || ' ' || point || ' ' || coalesce(number::text, text, json::text) AS row FROM roost_points ORDER BY 1"
      )
      return rows.map(({ row }) => row)
    } catch {
      return []
    } finally {
      await client.end()
    }
  })

const of = (url: string, more: Partial<NewSink> = {}): NewSink => ({
  name: "test",
  kinds: ["uplink"],
  from: 0,
  target: { type: "postgres", url },
  ...more
})

describe("a sink", () => {
  it.live("waits for a target that is away, has each event once, and what it could not write after it was mended", () =>
    Effect.gen(function* () {
      const [server, database] = yield* Effect.all([natsServer(), postgresServer()], { concurrency: 2 })
      yield* Effect.gen(function* () {
        const sinks = yield* Sinks
        // More than a column holds, which the target refuses of one event and not of the rest.
        yield* post("a", `{"t":21.5,"n":"x"}`)
        yield* post("b", `{"t":1e999999}`)
        yield* post("c", `{"t":3}`)
        yield* database.stop
        const made = yield* sinks.create(of(database.url))
        const status = Effect.flatMap(SinkStatuses, (statuses) => Effect.orDie(statuses.get(made.sinkId)))
        yield* waitUntil(Effect.map(status, ({ health }) => health === "failing"))
        const failing = yield* status
        assert.match(failing.error ?? "", /^PostgreSQL at 127\.0\.0\.1:\d+\/postgres: nothing listens there/)
        assert.include(failing.cure, "Reach its address")
        yield* database.start
        const good = ["a n x", "a t 21.5", "c t 3"]
        yield* waitUntil(Effect.map(rowsIn(database.url), (rows) => rows.join() === good.join()))
        yield* waitUntil(Effect.map(Effect.orDie(listDeadEvents(made.sinkId)), (dead) => dead.length === 1))
        yield* waitUntil(Effect.map(status, ({ health }) => health === "healthy"))
        const [dead] = yield* listDeadEvents(made.sinkId)
        assert.deepInclude(dead, { tries: 5, code: "sink-event-refused" })
        assert.include(dead!.reason, "22003")

        // From the beginning again, by a script that mends it: nothing comes twice.
        const script = `function map(event) { return event.deviceKey === "c" ? null : { points: { mapped: event.deviceKey } } }`
        const again = (stored: StoredSink) => ({ ...stored, script, generation: stored.generation + 1 })
        yield* sinks.change(made.sinkId, again)
        const mapped = [...good, "a mapped a", "b mapped b"].toSorted()
        yield* waitUntil(Effect.map(rowsIn(database.url), (rows) => rows.join() === mapped.join()))
        assert.strictEqual(yield* replayDeadEvents(made.sinkId), 1)
        yield* waitUntil(
          Effect.map(consumersOf(Streams.sinkDead.name), (all) => all.every((one) => one.num_pending === 0))
        )

        // Its consumers go with it.
        yield* sinks.delete(made.sinkId)
        yield* waitUntil(Effect.map(consumersOf(Streams.uplink.name), (all) => all.length === 0))
        assert.deepStrictEqual(yield* rowsIn(database.url), mapped)
      }).pipe(Effect.provide(onBus(server.url)))
    }).pipe(Effect.scoped)
  )
})

const consumersOf = (stream: string) =>
  Effect.flatMap(NatsConnection, ({ manager }) =>
    Effect.promise(async () => (await manager.consumers.list(stream).next()) ?? [])
  )
