// A session-actors process as far as leases go: says on stdout, one JSON array a line, when it begins and ends to serve what.
import { allStreams, ensureStreams, FrameBus, NatsConnection } from "@roost/nats"
import { Health } from "@roost/observability"
import { Effect, Layer } from "effect"
import { keepLeases } from "../../src/index.ts"

const say = (...words: ReadonlyArray<string | number | boolean>) =>
  process.stdout.write(`${JSON.stringify([Date.now(), ...words])}\n`)

const node = Effect.gen(function* () {
  // The registry's work.
  yield* ensureStreams(allStreams)
  const leases = yield* keepLeases({
    nodeId: process.argv[2]!,
    host: {
      acquire: (partition, fencingToken) => Effect.sync(() => say("acquire", partition, fencingToken)),
      release: (partition) => Effect.sync(() => say("release", partition)),
      abandon: (partition) => say("abandon", partition)
    }
  })
  // What the process would do with a datagram that comes now.
  setInterval(() => say("serves", leases.isServing()), 20).unref()
  say("up")
  yield* Effect.callback<void>((resume) => void process.once("SIGTERM", () => resume(Effect.void)))
})

const layer = FrameBus.layer.pipe(Layer.provideMerge(NatsConnection.layer("node")), Layer.provideMerge(Health.layer))
await Effect.runPromise(Effect.scoped(node).pipe(Effect.provide(layer)))
say("over")
process.exit(0)
