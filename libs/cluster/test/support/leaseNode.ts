// A session-actors process as far as leases go: says on stdout, one JSON array a line, when it begins and ends to serve what.
import { allStreams, ensureStreams, FrameBus, NatsConnection } from "@roost/nats"
import { Health } from "@roost/observability"
import { Effect, Layer } from "effect"
import { defaultLeaseTiming, keepLeases } from "../../src/index.ts"

// By how much its wall clock is ahead; SIGUSR2 sets it right.
const { CLOCK_AHEAD, KEY_CHECK, LEASE_MILLIS } = process.env
const trueNow = Date.now
let ahead = Number(CLOCK_AHEAD ?? 0)
Date.now = () => trueNow() + ahead
process.on("SIGUSR2", () => {
  ahead = 0
})

const say = (...words: ReadonlyArray<string | number | boolean>) =>
  process.stdout.write(`${JSON.stringify([trueNow(), ...words])}\n`)

const node = Effect.gen(function* () {
  // The registry's work.
  yield* ensureStreams(allStreams)
  const leases = yield* keepLeases({
    nodeId: process.argv[2]!,
    ...(KEY_CHECK === undefined ? {} : { keyChecks: [KEY_CHECK] as const }),
    ...(LEASE_MILLIS === undefined ? {} : { timing: { ...defaultLeaseTiming, leaseMillis: Number(LEASE_MILLIS) } }),
    host: {
      acquire: (partition, fencingToken) => Effect.sync(() => say("acquire", partition, fencingToken)),
      release: (partition) => Effect.sync(() => say("release", partition)),
      abandon: (partition) => say("abandon", partition)
    }
  })
  // The fate of a datagram that comes to the process now.
  setInterval(() => {
    say("serves", leases.isServing())
    say("unsettled", leases.unsettled() ?? "")
  }, 20).unref()
  say("up")
  yield* Effect.callback<void>((resume) => void process.once("SIGTERM", () => resume(Effect.void)))
})

const layer = FrameBus.layer.pipe(Layer.provideMerge(NatsConnection.layer("node")), Layer.provideMerge(Health.layer))
await Effect.runPromise(Effect.scoped(node).pipe(Effect.provide(layer)))
say("over")
process.exit(0)
