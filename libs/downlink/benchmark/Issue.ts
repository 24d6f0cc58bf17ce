// The cost of issuing a command for downlink-queue, without HTTP: the question to the registry, the stored entry, the mirror.
// Needs a nats-server on the PATH. Usage: node benchmark/Issue.ts [commands]
import { RegistryRpcs } from "@roost/contracts"
import { allStreams, ensureStreams, NatsConnection, serveRpc } from "@roost/nats"
import { Health } from "@roost/observability"
import { natsServer } from "@roost/testkit"
import { ConfigProvider, Effect, Layer, Logger } from "effect"
import { CommandStore, Downlink, ThingModels } from "../src/index.ts"

const commands = Number(process.argv[2] ?? 10_000)
const devices = Math.ceil(commands / 20)
const concurrency = 64

const issueAll = Effect.gen(function* () {
  const downlink = yield* Downlink
  yield* serveRpc(RegistryRpcs.device, {}, () =>
    Effect.succeed({ _tag: "Found" as const, status: "offline" as const, activated: true, dataFormat: "Json" as const })
  )
  const before = process.cpuUsage()
  const started = performance.now()
  const latencies: Array<number> = []
  yield* Effect.forEach(
    Array.from({ length: commands }, (_, i) => i),
    (i) =>
      Effect.suspend(() => {
        const at = performance.now()
        return downlink
          .issue(
            { productKey: "pk", deviceKey: `d${i % devices}` },
            { kind: "service", service: "open", inputData: { angle: 90 } },
            { pendingTtl: 3_600, timeout: 30 }
          )
          .pipe(Effect.tap(Effect.sync(() => latencies.push(performance.now() - at))))
      }),
    { concurrency, discard: true }
  )
  const usage = process.cpuUsage(before)
  const seconds = (performance.now() - started) / 1000
  latencies.sort((a, b) => a - b)
  const percentile = (p: number) => latencies[Math.floor(latencies.length * p)]!.toFixed(1)
  console.log(`${Math.round(commands / seconds)} commands/s, ${concurrency} at once`)
  console.log(`${((usage.user + usage.system) / commands).toFixed(0)} µs CPU each, registry's answers included`)
  console.log(`latency p50 ${percentile(0.5)} ms, p99 ${percentile(0.99)} ms`)
})

const main = Effect.flatMap(natsServer(), (server) =>
  issueAll.pipe(
    Effect.provide(
      Downlink.layer.pipe(
        Layer.provideMerge(Layer.merge(CommandStore.layer, ThingModels.layer)),
        Layer.provide(Layer.effectDiscard(ensureStreams(allStreams))),
        Layer.provideMerge(NatsConnection.layer("bench")),
        Layer.provide(Health.layer),
        Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ NATS_URL: server.url }))),
        Layer.provide(Logger.layer([]))
      )
    )
  )
).pipe(Effect.scoped)

await Effect.runPromise(main)
