import { sealingKeys } from "@roost/contracts"
import { Effect, Layer } from "effect"
import { Credentials, layerSqlRegistryStore, LiveStatus, Registry, SecretVault, Vault } from "../src/index.ts"
import { layerDatabase } from "./support/Database.ts"

/**
 * The registry's cost of one look-up of a key, without NATS: its part of every full handshake. On SQLite, or on an empty
 * PostgreSQL database at DATABASE_URL.
 */
const devices = 100_000
const lookups = 50_000

/** Look-ups on their way at once: as actors ask while many devices shake hands. */
const concurrency = 64

const bench = Effect.gen(function* () {
  const registry = yield* Registry
  const credentials = yield* Credentials
  yield* registry.createProduct({
    productKey: "pk1",
    productName: "Meters",
    dataFormat: "Json",
    dynamicActivateEnabled: false,
    downlink: "pipelined"
  })
  const importing = cpuMicros()
  for (let i = 0; i < devices; i += 500) {
    yield* registry.createDevices(
      "pk1",
      Array.from({ length: 500 }, (_, j) => ({ deviceKey: `imei-${86_000_000 + i + j}` }))
    )
  }
  console.log(`register ${devices} devices: ${((cpuMicros() - importing) / devices).toFixed(1)} µs CPU each`)
  for (const round of [1, 2, 3]) {
    const started = cpuMicros()
    const begun = performance.now()
    const lookup = (i: number) => {
      const deviceKey = `imei-${86_000_000 + ((i * 7919) % devices)}`
      return Effect.map(credentials.psk({ productKey: "pk1", deviceKey, secureMode: 2 }), (reply) => {
        if (reply._tag !== "Found") throw new Error(reply.reason)
      })
    }
    yield* Effect.forEach(
      Array.from({ length: lookups }, (_, i) => i),
      lookup,
      { concurrency, discard: true }
    )
    const perSecond = (1000 * lookups) / (performance.now() - begun)
    console.log(
      `round ${round}: key of one of ${devices} devices: ${((cpuMicros() - started) / lookups).toFixed(1)} µs CPU, ` +
        `${perSecond.toFixed(0)} a second`
    )
  }
})

const cpuMicros = (): number => {
  const { user, system } = process.cpuUsage()
  return user + system
}

await Effect.runPromise(
  bench.pipe(
    Effect.provide(
      Layer.mergeAll(Registry.layer, Credentials.layer).pipe(
        Layer.provide([
          Layer.provide(layerSqlRegistryStore, layerDatabase),
          Layer.succeed(SecretVault, new Vault(sealingKeys(new Uint8Array(32)), sealingKeys(new Uint8Array(32)))),
          LiveStatus.layerNone
        ])
      )
    )
  )
)
