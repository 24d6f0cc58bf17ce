// The cost of streams and buckets that nobody writes to, for one that somebody does. nats-server syncs the state of each stream at
// every `sync_interval`, changed or not. Takes the newest nats-server, 2.10 at least. Usage: node benchmark/IdleStreams.ts [seconds]
import { jetstreamManager } from "@nats-io/jetstream"
import { Health } from "@roost/observability"
import { natsServer } from "@roost/testkit"
import { ConfigProvider, Effect, Layer } from "effect"
import { NatsConnection } from "../src/index.ts"
import { ackRate, cpuMillis } from "./support/AckRate.ts"

const seconds = Number(process.argv[2] ?? 4)
const rounds = 3
const idleStreams = [0, 10, 21]
const inFlightMax = 64

const measure = Effect.fnUntraced(function* (pid: number) {
  const before = cpuMillis(pid)
  yield* Effect.sleep(seconds * 1000)
  const idle = (cpuMillis(pid) - before) / seconds
  return { idle, ...(yield* ackRate(pid, inFlightMax, seconds)) }
})

const measured = (idle: number) =>
  Effect.gen(function* () {
    const server = yield* natsServer({ binary: "newest", sync: "5ms" })
    const connection = NatsConnection.layer("bench").pipe(
      Layer.provide(Health.layer),
      Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ NATS_URL: server.url })))
    )
    yield* Effect.gen(function* () {
      const { client } = yield* NatsConnection
      const manager = yield* Effect.promise(() => jetstreamManager(client))
      for (let i = 0; i < idle; i++) {
        yield* Effect.promise(() => manager.streams.add({ name: `IDLE${i}`, subjects: [`idle.${i}`] }))
      }
      yield* Effect.promise(() => manager.streams.add({ name: "BENCH", subjects: ["bench.>"] }))
    }).pipe(Effect.provide(connection))
    // Only from then on each has a file of its state.
    yield* server.stop("SIGTERM")
    yield* server.start
    const { cpu, idle: idleMillis, rate } = yield* measure(server.pid()).pipe(Effect.provide(connection))
    console.log(
      `${idle} idle streams: ${idleMillis.toFixed(0)} ms CPU a second idle; ${Math.round(rate)} acks/s with ${inFlightMax} under way, ${cpu.toFixed(0)} µs CPU an ack`
    )
  }).pipe(Effect.scoped)

for (let round = 0; round < rounds; round++) {
  for (const idle of idleStreams) await Effect.runPromise(measured(idle))
}
