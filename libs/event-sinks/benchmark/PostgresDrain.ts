import { headers } from "@nats-io/transport-node"
import { Subjects, UplinkHeader } from "@roost/contracts"
import { allStreams, ensureStreams, NatsConnection } from "@roost/nats"
import { Health, metrics } from "@roost/observability"
import { natsServer, postgresServer } from "@roost/testkit"
import { ConfigProvider, Effect, Layer } from "effect"
import { readFileSync } from "node:fs"
import { loadavg } from "node:os"
import { Client } from "pg"
import { layerSinkDelivery, SinkModels, Sinks, SinkScripts, SinkStatuses } from "../src/index.ts"

// node libs/event-sinks/benchmark/PostgresDrain.ts [UPLINKS [SECONDS]]
// How fast a backlog of uplinks, three points each, drains into PostgreSQL, beside COPY alone of the same rows. Then how far a sink is behind for SECONDS at 1000 uplinks a second.
// nats-server, PostgreSQL and the sink are on this machine, whose CPU times say what two cores carry where others use them, too. PostgreSQL runs with `fsync=off`, as in tests: of a disk it says nothing.

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
    const natsBefore = cpuSeconds(server.pid())
    yield* sinks.create({ name: "drain", kinds: ["uplink"], from: 0, target: { type: "postgres", url: database.url } })
    const first = yield* until(() => written() > 0, begun)
    const all = yield* until(() => written() >= uplinks, begun)
    const { system, user } = process.cpuUsage(cpu)
    const client = new Client({ connectionString: database.url })
    yield* Effect.promise(() => client.connect())
    const backends = yield* Effect.promise(() =>
      client.query("SELECT pid FROM pg_stat_activity WHERE application_name = 'roost-sinks'")
    )
    const micros = (seconds: number) => (1e6 * seconds) / uplinks
    const each = {
      sink: (user + system) / uplinks,
      nats: micros(cpuSeconds(server.pid()) - natsBefore),
      postgres: micros(backends.rows.reduce((sum: number, { pid }) => sum + cpuSeconds(Number(pid)), 0))
    }
    const sum = each.sink + each.nats + each.postgres
    console.log(
      `drained ${uplinks} uplinks in ${(all / 1e3).toFixed(1)} s (first batch after ${first.toFixed(0)} ms): ` +
        `${Math.round(uplinks / (all / 1e3))}/s, load ${loadavg()[0]!.toFixed(1)}`
    )
    console.log(
      `µs of CPU for each: sink ${each.sink.toFixed(1)}, nats-server ${each.nats.toFixed(1)}, PostgreSQL ${each.postgres.toFixed(1)}; ` +
        `two cores carry ${Math.round(2e6 / sum)}/s at most, one core of PostgreSQL ${Math.round(1e6 / each.postgres)}/s`
    )
    const floor = yield* copyAgain(client)
    for (const [what, postgres] of Object.entries(floor)) {
      console.log(
        `the same rows by COPY alone, ${what}: PostgreSQL ${micros(postgres).toFixed(1)} µs for each uplink, ` +
          `the sink's has ${(each.postgres / micros(postgres)).toFixed(2)} times that`
      )
    }
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
    const { rows } = yield* Effect.promise(() => client.query("SELECT count(*)::int AS rows FROM roost_points"))
    console.log(`${rows[0].rows} rows of ${3 * (uplinks + seconds * 1_000)}`)
    yield* Effect.promise(() => client.end())
  }).pipe(Effect.provide(layers(server.url)))
}).pipe(Effect.scoped)

/** Seconds of CPU in which PostgreSQL takes the rows that are there by one bare COPY each: nothing that writes to that table costs less. */
const copyAgain = (client: Client) =>
  Effect.promise(async () => {
    const { rows } = await client.query("SELECT pg_backend_pid() AS pid, current_setting('data_directory') AS folder")
    const [{ folder, pid }] = rows as [{ readonly folder: string; readonly pid: number }]
    const file = `${folder}/points.copy`
    await client.query(`COPY roost_points TO '${file}'`)
    const seconds = async (like: string) => {
      await client.query(`CREATE TABLE floor (LIKE roost_points ${like})`)
      const before = cpuSeconds(pid)
      await client.query(`COPY floor FROM '${file}'`)
      const taken = cpuSeconds(pid) - before
      await client.query("DROP TABLE floor")
      return taken
    }
    return { "without an index": await seconds(""), "with its indexes": await seconds("INCLUDING INDEXES") }
  })

/** Of a process since its start, as Linux counts it: in hundredths. */
const cpuSeconds = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ")
  return (Number(fields[11]) + Number(fields[12])) / 100
}

const until = (holds: () => boolean, since: number) =>
  Effect.gen(function* () {
    while (!holds()) yield* Effect.sleep(20)
    return performance.now() - since
  })

await Effect.runPromise(program)
