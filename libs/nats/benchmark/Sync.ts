// The cost of `sync_interval` on the disk of the temporary directory. It is told in acks a second of one publisher into a stream,
// and in CPU of nats-server per ack. Takes the newest nats-server that is there, 2.10 at least. Usage: node benchmark/Sync.ts [seconds]
import { jetstreamManager } from "@nats-io/jetstream"
import { Health } from "@roost/observability"
import { natsServer } from "@roost/testkit"
import { ConfigProvider, Effect, Layer } from "effect"
import { NatsConnection } from "../src/index.ts"
import { ackRate } from "./support/AckRate.ts"

const seconds = Number(process.argv[2] ?? 4)
const rounds = 3
const syncs = ["2m", "5ms", "always"]
const underWay = [1, 256]

const measure = Effect.fnUntraced(function* (sync: string, inFlightMax: number, pid: number) {
  const { cpu, rate } = yield* ackRate(pid, inFlightMax, seconds)
  console.log(
    `sync_interval ${sync}, ${inFlightMax} under way: ${cpu.toFixed(0)} µs CPU an ack, ${Math.round(rate)} acks/s`
  )
})

const withServer = (sync: string) =>
  Effect.gen(function* () {
    const server = yield* natsServer({ binary: "newest", sync })
    const connection = NatsConnection.layer("bench").pipe(
      Layer.provide(Health.layer),
      Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ NATS_URL: server.url })))
    )
    yield* Effect.gen(function* () {
      const { client } = yield* NatsConnection
      const manager = yield* Effect.promise(() => jetstreamManager(client))
      for (const inFlightMax of underWay) {
        yield* Effect.promise(() => manager.streams.add({ name: "BENCH", subjects: ["bench.>"] }))
        yield* measure(sync, inFlightMax, server.pid())
        yield* Effect.promise(() => manager.streams.delete("BENCH"))
      }
    }).pipe(Effect.provide(connection))
  }).pipe(Effect.scoped)

for (let round = 0; round < rounds; round++) for (const sync of syncs) await Effect.runPromise(withServer(sync))
