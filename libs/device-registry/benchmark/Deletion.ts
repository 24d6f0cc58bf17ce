import { sealingKeys } from "@roost/contracts"
import { Effect, Layer, Redacted } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { monitorEventLoopDelay } from "node:perf_hooks"
import {
  Credentials,
  layerPostgresSql,
  layerProductDeletions,
  layerSqliteSql,
  layerSqlRegistryStore,
  LiveStatus,
  ProductRemains,
  Registry,
  RegistryStore,
  SecretVault,
  Vault
} from "../src/index.ts"

/**
 * The waits of others while a product of many devices is deleted: how long the registry's thread is held, and how long look-ups of keys
 * take, each handshake's part. On SQLite, or on an empty PostgreSQL database at DATABASE_URL. The argument is how many devices there are.
 */
const devices = Number(process.argv[2] ?? 100_000)
const eventsPerDevice = 3
const lookupEveryMillis = 5

const directory = mkdtempSync(join(tmpdir(), "roost-registry-"))

const url = process.env["DATABASE_URL"]
const database =
  url === undefined ? layerSqliteSql(join(directory, "registry.sqlite")) : layerPostgresSql(Redacted.make(url))

const bench = Effect.gen(function* () {
  const registry = yield* Registry
  const credentials = yield* Credentials
  const store = yield* RegistryStore
  const settings = { dataFormat: "Json", dynamicActivateEnabled: false, downlink: "pipelined" } as const
  for (const productKey of ["going", "staying"]) {
    yield* registry.createProduct({ ...settings, productKey, productName: "Meters" })
  }
  yield* registry.createDevices("staying", [{ deviceKey: "d" }])
  for (let i = 0; i < devices; i += 500) {
    const keys = Array.from({ length: Math.min(500, devices - i) }, (_, n) => `device-${i + n}`)
    yield* registry.createDevices(
      "going",
      keys.map((deviceKey) => ({ deviceKey }))
    )
    for (let at = 0; at < eventsPerDevice; at++) {
      const eventOf = (deviceKey: string) =>
        ({ productKey: "going", deviceKey, kind: "online", at, address: "", reason: "verified" }) as const
      yield* store.addEvents(keys.map(eventOf), at)
    }
  }

  const held = monitorEventLoopDelay({ resolution: 1 })
  const lookups: Array<number> = []
  held.enable()
  const started = performance.now()
  const lookUp = Effect.gen(function* () {
    const asked = performance.now()
    yield* credentials.psk({ productKey: "staying", deviceKey: "d", secureMode: 2 })
    lookups.push(performance.now() - asked)
    yield* Effect.sleep(lookupEveryMillis)
  })
  // As `tellChanges` does, without a nats-server.
  const tell = Effect.gen(function* () {
    for (const { id } of yield* store.untoldChanges(256)) yield* store.forgetChange(id)
    yield* Effect.sleep(1)
  })
  yield* Effect.forkScoped(Effect.forever(lookUp))
  yield* Effect.forkScoped(Effect.forever(tell))
  yield* registry.deleteProduct("going", true)
  yield* store
    .anyProduct("going")
    .pipe(Effect.delay("50 millis"), Effect.repeat({ until: (found) => found === undefined }))
  const seconds = (performance.now() - started) / 1000
  lookups.sort((a, b) => a - b)
  const at = (part: number) => lookups[Math.floor((lookups.length - 1) * part)]!.toFixed(1)
  console.log(
    `${devices} devices in ${seconds.toFixed(1)} s; the thread was held ${(held.percentile(99) / 1e6).toFixed(1)} ms at p99, ` +
      `${(held.max / 1e6).toFixed(1)} ms at most; ${lookups.length} look-ups took ${at(0.5)} ms at p50, ${at(0.99)} at p99, ${at(1)} at most`
  )
})

const layer = Layer.mergeAll(
  Registry.layer,
  Credentials.layer,
  layerProductDeletions.pipe(Layer.provide(ProductRemains.layerNone))
).pipe(
  Layer.provideMerge(layerSqlRegistryStore.pipe(Layer.provide(database))),
  Layer.provide(
    Layer.succeed(
      SecretVault,
      SecretVault.of(new Vault(sealingKeys(new Uint8Array(32)), sealingKeys(new Uint8Array(32))))
    )
  ),
  Layer.provide(LiveStatus.layerNone)
)
await Effect.runPromise(Effect.scoped(Effect.provide(bench, layer)))
rmSync(directory, { recursive: true })
