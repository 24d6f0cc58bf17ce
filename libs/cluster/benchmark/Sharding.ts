// The cost of a message to an entity of effect/cluster, beside that of one to a record that this process owns (ADR 4).
// Everything in one process and in memory: no socket, no database, so only what the libraries themselves take.
// Usage: node --expose-gc benchmark/Sharding.ts [entities] [messages]
import { Effect, Layer, Logger, Schema } from "effect"
import {
  ClusterSchema,
  Entity,
  MessageStorage,
  RunnerHealth,
  Runners,
  RunnerStorage,
  Sharding,
  ShardingConfig
} from "effect/cluster"
import { Rpc } from "effect/rpc"
import { partitionCount, placeOf } from "@roost/contracts"

const entities = Number(process.argv[2] ?? 10_000)
const messages = Number(process.argv[3] ?? 50_000)
const underWay = 64

const payload = { length: Schema.Int }
const Volatile = Rpc.make("Volatile", { payload, success: Schema.Int })
const Stored = Rpc.make("Stored", {
  payload: { id: Schema.String, length: Schema.Int },
  success: Schema.Int,
  primaryKey: ({ id }) => id
}).annotate(ClusterSchema.Persisted, true)
const Device = Entity.make("Device", [Volatile, Stored])

const devices = Device.toLayer(
  Effect.sync(() => {
    let bytes = 0
    return Device.of({
      Volatile: ({ payload: { length } }) => Effect.sync(() => (bytes += length)),
      Stored: ({ payload: { length } }) => Effect.sync(() => (bytes += length))
    })
  }),
  { maxIdleTime: "1 hour" }
)

const cluster = devices.pipe(
  Layer.provideMerge(Sharding.layer),
  Layer.provideMerge(Runners.layerNoop),
  Layer.provideMerge(MessageStorage.layerMemory),
  Layer.provide([RunnerStorage.layerMemory, RunnerHealth.layerNoop]),
  Layer.provide(ShardingConfig.layer({ maxResidentEntities: "unbounded" }))
)

const heap = (): number => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

/** CPU of this process per turn of `run`, in microseconds. */
const measured = (times: number, run: (i: number) => Effect.Effect<unknown>) =>
  Effect.gen(function* () {
    const before = process.cpuUsage()
    const indices = Array.from({ length: times }, (_, i) => i)
    yield* Effect.forEach(indices, run, { concurrency: underWay, discard: true })
    const { system, user } = process.cpuUsage(before)
    return (system + user) / times
  })

const say = (what: string, micros: number): void => console.log(`${what}: ${micros.toFixed(2)} µs CPU`)

const program = Effect.gen(function* () {
  const clientOf = yield* Device.client
  const empty = heap()
  say(
    "effect/cluster, first message to an entity",
    yield* measured(entities, (i) => Effect.orDie(clientOf(`dev${i}`).Volatile({ length: 1 })))
  )
  console.log(`effect/cluster, an idle entity: ${Math.round((heap() - empty) / entities)} bytes of heap`)
  say(
    "effect/cluster, message to an entity that is there",
    yield* measured(messages, (i) => Effect.orDie(clientOf(`dev${i % entities}`).Volatile({ length: 1 })))
  )
  const stored = Math.min(messages, 20_000)
  say(
    "effect/cluster, persisted message, its storage a Map",
    yield* measured(stored, (i) => Effect.orDie(clientOf(`dev${i % entities}`).Stored({ id: `${i}`, length: 1 })))
  )
})

/** A node's knowledge of its leases: a partition's token, and a record by key. */
const tokens = new Float64Array(partitionCount).fill(1)
const records = new Map<string, { bytes: number; readonly partition: number }>()
const withoutRecords = heap()
for (let i = 0; i < entities; i++) {
  records.set(`pk,dev${i}`, { bytes: 0, partition: placeOf("pk", `dev${i}`).partition })
}
console.log(`leases, a record of the same: ${Math.round((heap() - withoutRecords) / entities)} bytes of heap`)
const started = process.cpuUsage()
for (let i = 0; i < 100 * messages; i++) {
  const record = records.get(`pk,dev${i % entities}`)!
  if (tokens[record.partition] !== 0) record.bytes += 1
}
const { system, user } = process.cpuUsage(started)
say("leases, message to a record whose partition is ours", (system + user) / (100 * messages))

await Effect.runPromise(Effect.provide(program, Layer.merge(cluster, Logger.layer([]))))
process.exit(0)
