import type { Presence } from "@roost/contracts"
import { Effect } from "effect"
import { RegistryStore } from "../../src/index.ts"

/** The device of a `seededStore`. */
export const id = { productKey: "pk1", deviceKey: "dev1" }
export const secret = { keyId: "k", bytes: Uint8Array.of(1) }
/** Its product, as one asks for it. */
export const meters = {
  productKey: id.productKey,
  productName: "Meters",
  dataFormat: "Json",
  dynamicActivateEnabled: true,
  downlink: "pipelined"
} as const

/** The store with one product and its one device. */
export const seededStore = Effect.gen(function* () {
  const store = yield* RegistryStore
  yield* store.createProduct({ ...meters, createdAt: 1, secret })
  yield* store.createDevices([{ ...id, assetId: "a1", deviceName: "one", secret, createdAt: 1000 }])
  return store
})

/** A device that came online, that of `id` unless `fields` name another. */
export const presence = (fields: Partial<Presence> = {}): Presence => ({
  ...id,
  state: "online",
  cause: "handshake",
  at: 2000,
  lastSeenAt: 2000,
  secureMode: 2,
  lifetimeSeconds: 60,
  address: "192.0.2.1:5684",
  suite: "TLS_PSK_WITH_AES_128_CCM_8",
  connectionId: false,
  ...fields
})
