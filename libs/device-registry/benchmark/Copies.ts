import { UplinkHeader } from "@roost/contracts"
import { Effect, Layer } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { layerSqliteSql, layerSqlRegistryStore, RegistryStore } from "../src/index.ts"

/**
 * The registry's CPU for an uplink whose points it keeps. Devices that post hourly have theirs copied, those that post every second have
 * not. Both take turns, on SQLite: `node libs/device-registry/benchmark/Copies.ts`.
 */
const devices = 500
const rounds = 300
const hour = 3_600_000
const directory = mkdtempSync(join(tmpdir(), "roost-registry-"))

const points = (round: number) =>
  new Map(
    ["temperature", "humidity", "voltage"].map((id) => [id, { value: round, time: round, order: round }] as const)
  )
const payloadOf = (round: number, at: number) =>
  Buffer.from(
    JSON.stringify({
      id: String(round),
      version: "1.0",
      method: "thing.measurepoint.post",
      params: {
        measurepoints: { temperature: 20 + (round % 50) / 10, humidity: (round * 7) % 100, voltage: 3.61 },
        time: at
      }
    })
  )

const bench = Effect.gen(function* () {
  const store = yield* RegistryStore
  const secret = { keyId: "k", bytes: new Uint8Array(60) }
  const productOf = (productKey: string) => ({
    productKey,
    productName: "Meters",
    dataFormat: "Json" as const,
    dynamicActivateEnabled: false,
    downlink: "pipelined" as const,
    createdAt: 1,
    secret
  })
  const micros: Record<string, Array<number>> = { hourly: [], secondly: [] }
  for (const productKey of Object.keys(micros)) {
    yield* store.createProduct(productOf(productKey))
    yield* store.createDevices(
      Array.from({ length: devices }, (_, i) => {
        const deviceKey = `d${i}`
        return { productKey, deviceKey, assetId: `${productKey}${i}`, deviceName: "", createdAt: 1, secret }
      })
    )
  }
  for (let round = 1; round <= rounds; round++) {
    for (const [productKey, taken] of Object.entries(micros)) {
      const storedAt = 1_790_000_000_000 + round * (productKey === "hourly" ? hour : 1_001)
      const headers = {
        [UplinkHeader.time]: String(storedAt),
        [UplinkHeader.topic]: "/sys/meters/d/thing/measurepoint/post",
        [UplinkHeader.method]: "thing.measurepoint.post"
      } as Record<string, string>
      const data = payloadOf(round, storedAt)
      const uplink = { sequence: round * 138_888, storedAt, data, header: (name: string) => headers[name] ?? "" }
      const posts = Array.from({ length: devices }, (_, i) => ({
        productKey,
        deviceKey: `d${i}`,
        points: points(round),
        uplinks: [{ ...uplink, sequence: uplink.sequence + i }]
      }))
      const start = process.cpuUsage()
      yield* store.applyPoints(posts, { copies: true })
      const { system, user } = process.cpuUsage(start)
      if (round > rounds / 3) taken.push((user + system) / devices)
    }
  }
  for (const [name, taken] of Object.entries(micros)) {
    const mean = taken.reduce((sum, one) => sum + one, 0) / taken.length
    yield* Effect.log(`${mean.toFixed(1)} µs of CPU an uplink of devices that post ${name}`)
  }
})

await Effect.runPromise(
  bench.pipe(
    Effect.provide(layerSqlRegistryStore.pipe(Layer.provide(layerSqliteSql(join(directory, "registry.sqlite"))))),
    Effect.ensuring(Effect.sync(() => rmSync(directory, { recursive: true })))
  )
)
