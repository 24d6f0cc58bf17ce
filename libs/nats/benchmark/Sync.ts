// The cost of `sync_interval` on the disk of the temporary directory. It is told in acks a second of one publisher into a stream,
// and in CPU of nats-server per ack. Takes the newest nats-server that is there, 2.10 at least. Usage: node benchmark/Sync.ts [seconds]
import { jetstreamManager } from "@nats-io/jetstream"
import { Health } from "@roost/observability"
import { natsServer } from "@roost/testkit"
import { ConfigProvider, Effect, Layer } from "effect"
import { readFileSync } from "node:fs"
import { headerLines, makeStreamPublisher, NatsConnection } from "../src/index.ts"

const seconds = Number(process.argv[2] ?? 4)
const rounds = 3
const syncs = ["2m", "5ms", "always"]
const underWay = [1, 256]
const payload = new Uint8Array(150).fill(0x61)

/** User and system time so far. */
const cpuMillis = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return (Number(fields[11]) + Number(fields[12])) * 10
}

const measure = (sync: string, inFlightMax: number, pid: number) =>
  Effect.gen(function* () {
    let stored = 0
    let published = 0
    const started = performance.now()
    const isOver = () => performance.now() - started > seconds * 1000
    const before = cpuMillis(pid)
    const publisher = yield* makeStreamPublisher({
      inFlightMax,
      onSettled: (_token, outcome) => {
        if (outcome._tag === "Failed" && !isOver()) throw new Error(outcome.reason)
        stored++
        next()
      }
    })
    const publish = () =>
      publisher.publish("bench.a", headerLines([["Nats-Msg-Id", `${published}`]]), payload, published)
    const next = () => {
      while (!isOver() && publish()) published++
    }
    next()
    yield* Effect.sleep(seconds * 1000)
    const rate = stored / ((performance.now() - started) / 1000)
    const cpu = ((cpuMillis(pid) - before) * 1000) / stored
    console.log(
      `sync_interval ${sync}, ${inFlightMax} under way: ${cpu.toFixed(0)} µs CPU an ack, ${Math.round(rate)} acks/s`
    )
  }).pipe(Effect.scoped)

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
