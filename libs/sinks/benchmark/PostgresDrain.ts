import { headers } from "@nats-io/transport-node"
import { Subjects, UplinkHeader } from "@roost/contracts"
import { allStreams, ensureStreams, NatsConnection } from "@roost/nats"
import { Health, metrics } from "@roost/observability"
import { natsServer, postgresServer } from "@roost/testkit"
import { ConfigProvider, Effect, Layer } from "effect"
import { loadavg } from "node:os"
import { Client } from "pg"
import { layerSinkDelivery, SinkModels, Sinks, SinkScripts, SinkStatuses } from "../src/index.ts"

// node libs/sinks/benchmark/PostgresDrain.ts [UPLINKS [SECONDS]]
// How fast a backlog of uplinks, three points each, drains into PostgreSQL. Then how far a sink is behind for SECONDS at 1000 uplinks a second.
// nats-server, PostgreSQL and the sink are on this machine. PostgreSQL runs with `fsync=off`, as in tests: of a disk it says nothing.

const [uplinks = 100_000, seconds = 10] = process.argv.slice(2).map(Number)
const publishedTogether = 2_000

const layers = (url: string) =>
  layerSinkDelivery().pipe(
    Layer.provideMerge(Layer.mergeAll(Sinks.layer, SinkStatuses.layer, SinkModels.layer, SinkScripts.layer)),
    Layer.provide(Layer.effectDiscard(ensureStreams(allStreams))),
    Layer.provideMerge(NatsConnection.layer("sinks-benchmark")),
    Layer.provideMerge(Health.layer),
    Layer.provide(
      ConfigProvider.layer(ConfigProvider.fromUnknown({ NATS_URL: url, ROOST_CLUSTER_KEY: "11".repeat(32) }))
    )
  )

const program = Effect.gen(function* () {
  const [server, database] = yield* Effect.all([natsServer(), postgresServer()], { concurrency: 2 })
  yield* Effect.gen(function* () {
    const { jetstream } = yield* NatsConnection
    const sinks = yield* Sinks
    const told = headers()
    told.set(UplinkHeader.method, "thing.measurepoint.post")
    const publish = (from: number, count: number) =>
      Effect.promise(() =>
        Promise.all(
          Array.from({ length: count }, (_, i) => {
            const time = 1_700_000_000_000 + from + i
            const points = `{"temp":${(from + i) % 40}.5,"humidity":${(from + i) % 100},"state":"on"}`
            const body = `{"id":"${from + i}","version":"1.0","method":"thing.measurepoint.post","params":{"measurepoints":${points},"time":${time}}}`
            return jetstream.publish(Subjects.uplink("meters", `meter-${(from + i) % 5_000}`, "measurepoint"), body, {
              headers: told
            })
          })
        )
      )
    for (let i = 0; i < uplinks; i += publishedTogether) yield* publish(i, Math.min(publishedTogether, uplinks - i))
    const written = () => metrics.read("roost_sink_events_total").reduce((sum, [, value]) => sum + value, 0)
    const begun = performance.now()
    const cpu = process.cpuUsage()
    yield* sinks.create({ name: "drain", kinds: ["uplink"], from: 0, target: { type: "postgres", url: database.url } })
    const first = yield* until(() => written() > 0, begun)
    const all = yield* until(() => written() >= uplinks, begun)
    const { system, user } = process.cpuUsage(cpu)
    console.log(
      `drained ${uplinks} uplinks in ${(all / 1e3).toFixed(1)} s (first batch after ${first.toFixed(0)} ms): ` +
        `${Math.round(uplinks / (all / 1e3))}/s, ${((user + system) / uplinks).toFixed(1)} µs of CPU of the sink each, load ${loadavg()[0]!.toFixed(1)}`
    )
    let lagMax = 0
    for (let second = 0; second < seconds; second++) {
      const tick = performance.now()
      for (let part = 0; part < 10; part++) {
        yield* publish(uplinks + second * 1_000 + part * 100, 100)
        lagMax = Math.max(lagMax, ...metrics.read("roost_sink_lag_seconds").map(([, value]) => value))
        yield* Effect.sleep(Math.max(0, tick + (part + 1) * 100 - performance.now()))
      }
    }
    yield* until(() => written() >= uplinks + seconds * 1_000, performance.now())
    console.log(`at 1000/s for ${seconds} s: ${lagMax.toFixed(2)} s behind at most, load ${loadavg()[0]!.toFixed(1)}`)
    const client = new Client({ connectionString: database.url })
    yield* Effect.promise(() => client.connect())
    const { rows } = yield* Effect.promise(() => client.query("SELECT count(*)::int AS rows FROM roost_points"))
    console.log(`${rows[0].rows} rows of ${3 * (uplinks + seconds * 1_000)}`)
    yield* Effect.promise(() => client.end())
  }).pipe(Effect.provide(layers(server.url)))
}).pipe(Effect.scoped)

const until = (holds: () => boolean, since: number) =>
  Effect.gen(function* () {
    while (!holds()) yield* Effect.sleep(20)
    return performance.now() - since
  })

await Effect.runPromise(program)
