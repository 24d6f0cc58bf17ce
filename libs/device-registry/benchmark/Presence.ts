import type { Presence } from "@roost/contracts"
import { Clock, Effect, Layer } from "effect"
import { layerSqlRegistryStore, RegistryStore } from "../src/index.ts"
import { layerDatabase } from "./support/Database.ts"
import { decodePresence, eventOf } from "../src/PresenceMessages.ts"

/**
 * The registry's cost of one handshake's presence, without NATS: decoding, the device's row, its log. On SQLite, or on
 * an empty PostgreSQL database at DATABASE_URL.
 */
const devices = 5_000
const rounds = 30
const batch = 2_500

const presence = (i: number, at: number): Presence => ({
  productKey: "pk1",
  deviceKey: `imei-${86_000_000 + i}`,
  state: "online",
  cause: "handshake",
  at,
  lastSeenAt: at,
  secureMode: 2,
  lifetimeSeconds: 86_400,
  address: `192.0.2.1:${10_000 + i}`,
  suite: "TLS_PSK_WITH_AES_128_CCM_8",
  connectionId: false,
  credentialVersion: 1
})

const cpuMicros = (): number => {
  const { system, user } = process.cpuUsage()
  return user + system
}

const bench = Effect.gen(function* () {
  const store = yield* RegistryStore
  const secret = { keyId: "k", bytes: new Uint8Array(60) }
  yield* store.createProduct({
    productKey: "pk1",
    productName: "Meters",
    dataFormat: "Json",
    dynamicActivateEnabled: false,
    downlink: "pipelined",
    createdAt: 1,
    secret
  })
  for (let i = 0; i < devices; i += 500) {
    yield* store.createDevices(
      Array.from({ length: 500 }, (_, j) => ({
        productKey: "pk1",
        deviceKey: `imei-${86_000_000 + i + j}`,
        assetId: `asset${i + j}`,
        deviceName: "",
        secret,
        createdAt: 1
      }))
    )
  }
  const now = yield* Clock.currentTimeMillis
  for (let round = 1; round <= rounds; round++) {
    let decoding = 0
    const started = cpuMicros()
    for (let first = 0; first < devices; first += batch) {
      const messages = Array.from({ length: batch }, (_, j) =>
        Buffer.from(JSON.stringify(presence(((first + j) * 7919) % devices, now + round * 1_000)))
      )
      const begun = cpuMicros()
      const presences = messages.flatMap((message) => decodePresence(message) ?? [])
      decoding += cpuMicros() - begun
      yield* store.filePresence(presences, presences.map(eventOf), now)
    }
    if (round % 5 !== 0) continue
    const each = (micros: number) => (micros / devices).toFixed(1)
    console.log(`round ${round}: ${each(cpuMicros() - started)} µs CPU a presence, decoding ${each(decoding)}`)
  }
}).pipe(Effect.provide(layerSqlRegistryStore.pipe(Layer.provide(layerDatabase))))

await Effect.runPromise(bench)
