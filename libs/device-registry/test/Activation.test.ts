import { assert, describe, it } from "@effect/vitest"
import type { Presence } from "@roost/contracts"
import { Effect } from "effect"
import {
  activationsPerDeviceMax,
  activationsPerDeviceMillis,
  activationsPerProductMax,
  activationsPerProductMillis,
  RegistryStore
} from "../src/index.ts"
import { databases, postgresForFile } from "./support/Databases.ts"
import { id, presence as seededPresence } from "./support/SeededStore.ts"

const sealed = (byte: number) => ({ keyId: "k", bytes: Uint8Array.of(byte) })

const seed = Effect.gen(function* () {
  const store = yield* RegistryStore
  for (const productKey of ["pk1", "pk2"]) {
    yield* store.createProduct({
      productKey,
      productName: "Meters",
      dataFormat: "Json",
      dynamicActivateEnabled: true,
      downlink: "pipelined",
      createdAt: 1000,
      secret: sealed(1)
    })
    const keys = ["dev1", "dev2", ...Array.from({ length: 80 }, (_, i) => `d${i}`)]
    yield* store.createDevices(
      keys.map((deviceKey) => ({
        productKey,
        deviceKey,
        assetId: `${productKey} ${deviceKey}`,
        deviceName: "",
        secret: sealed(1),
        createdAt: 1000
      }))
    )
  }
  return store
})

const presence = (fields: Partial<Presence>): Presence => seededPresence({ credentialVersion: 1000, ...fields })

const server = postgresForFile()

describe.each(databases(server))("activation on $database", ({ layerStore }) => {
  describe("by the product's secret", () => {
    it.effect("does not issue a secret to a device that was activated meanwhile (S117)", () =>
      Effect.gen(function* () {
        const store = yield* seed
        const first = yield* store.issueSecret(id, sealed(1), "r1", 5000)
        assert(first._tag === "Issued")
        assert.strictEqual(first.device.activationRequest, "r1")
        const repeated = yield* store.issueSecret(id, sealed(2), "r1", 5500)
        assert(repeated._tag === "Issued")
        assert.deepStrictEqual([repeated.device.credentialVersion, repeated.device.secret.bytes[0]], [5000, 1])
        yield* store.applyPresence([presence({ credentialVersion: 5000 })])
        assert.strictEqual((yield* store.issueSecret(id, sealed(2), "r2", 6000))._tag, "Closed")
        assert.strictEqual((yield* store.issueSecret({ ...id, deviceKey: "x" }, sealed(2), "r2", 6000))._tag, "Closed")
        assert.strictEqual((yield* store.device(id))?.credentialVersion, 5000)
        // An operator still may change it, and that is no answer to an activation request.
        const rotated = yield* store.updateCredential(id, { _tag: "Secret", secret: sealed(3) }, 7000)
        assert.deepStrictEqual([rotated?.credentialVersion, rotated?.activationRequest], [7000, null])
      }).pipe(Effect.provide(layerStore))
    )

    it.effect("limits the secrets that one device fetches in an hour; copies of one request count once", () =>
      Effect.gen(function* () {
        const store = yield* seed
        const issue = (request: string, now: number, deviceKey = "dev1") =>
          Effect.map(store.issueSecret({ ...id, deviceKey }, sealed(2), request, now), ({ _tag }) => _tag)
        for (let i = 0; i < activationsPerDeviceMax; i++) {
          assert.strictEqual(yield* issue(`r${i}`, 5000), "Issued")
          assert.strictEqual(yield* issue(`r${i}`, 5000), "Issued")
        }
        const before = (yield* store.device(id))!.credentialVersion
        assert.strictEqual(yield* issue("more", 5001), "Limited")
        assert.strictEqual((yield* store.device(id))?.credentialVersion, before, "its secret stays")
        assert.strictEqual(yield* issue("more", 5001, "dev2"), "Issued")
        assert.strictEqual(yield* issue("more", 5000 + activationsPerDeviceMillis), "Issued")
      }).pipe(Effect.provide(layerStore))
    )

    it.effect("limits the secrets of one product in a minute, which costs no other product and no device's own", () =>
      Effect.gen(function* () {
        const store = yield* seed
        const issue = (deviceKey: string, request: string, now: number, productKey = "pk1") =>
          Effect.map(store.issueSecret({ productKey, deviceKey }, sealed(2), request, now), ({ _tag }) => _tag)
        for (let i = 0; i < activationsPerProductMax; i++) {
          const device = Math.floor(i / activationsPerDeviceMax)
          assert.strictEqual(yield* issue(`d${device}`, `r${i}`, 5000), "Issued")
        }
        for (let i = 0; i < 2 * activationsPerDeviceMax; i++) {
          assert.strictEqual(yield* issue("dev1", `r${i}`, 5001), "Limited")
        }
        assert.strictEqual(yield* issue("dev1", "r", 5001, "pk2"), "Issued")
        assert.strictEqual(yield* issue("dev1", "r", 5000 + activationsPerProductMillis), "Issued")
      }).pipe(Effect.provide(layerStore))
    )
  })

  describe("of a device that is replaced", () => {
    it.effect("starts again: another secret, inactive, the same asset; the actors and the operator are told", () =>
      Effect.gen(function* () {
        const store = yield* seed
        yield* store.applyPresence([presence({})])
        assert.strictEqual((yield* store.device(id))?.status, "online")
        const replaced = yield* store.replaceDevice(id, sealed(9), 5000)
        assert.deepStrictEqual(
          [replaced?.status, replaced?.activatedAt, replaced?.assetId, replaced?.credentialVersion],
          ["inactive", null, "pk1 dev1", 5000]
        )
        assert.deepStrictEqual(Uint8Array.from(replaced!.secret.bytes), Uint8Array.of(9))
        assert.deepStrictEqual(
          (yield* store.untoldChanges(5)).map(({ change }) => [change.change, change.credentialVersion]),
          [["secret", 5000]]
        )
        assert.strictEqual((yield* store.events(id, { limit: 1 }))[0]?.kind, "device-replaced")
        assert.strictEqual((yield* store.issueSecret(id, sealed(2), "r1", 6000))._tag, "Issued")
        assert.isUndefined(yield* store.replaceDevice({ ...id, deviceKey: "x" }, sealed(9), 5000))
      }).pipe(Effect.provide(layerStore))
    )

    it.effect("is not done by the old hardware, however late its session is heard of", () =>
      Effect.gen(function* () {
        const store = yield* seed
        yield* store.replaceDevice(id, sealed(9), 5000)
        const { credentialVersion: _, ...ofAnOlderNode } = presence({ at: 4000 })
        yield* store.applyPresence([presence({ at: 6000 }), ofAnOlderNode])
        assert.strictEqual((yield* store.device(id))?.status, "inactive")
        yield* store.applyPresence([presence({ at: 7000, credentialVersion: 5000 })])
        const device = yield* store.device(id)
        assert.deepStrictEqual([device?.status, device?.activatedAt], ["online", 7000])
      }).pipe(Effect.provide(layerStore))
    )

    it.effect("has its attempts again", () =>
      Effect.gen(function* () {
        const store = yield* seed
        for (let i = 0; i <= activationsPerDeviceMax; i++) yield* store.issueSecret(id, sealed(2), `r${i}`, 5000)
        yield* store.replaceDevice(id, sealed(9), 5000)
        assert.strictEqual((yield* store.issueSecret(id, sealed(2), "r", 5001))._tag, "Issued")
      }).pipe(Effect.provide(layerStore))
    )
  })

  it.effect("keeps one former secret of a product, with its version, until the given time", () =>
    Effect.gen(function* () {
      const store = yield* seed
      assert.isNull((yield* store.product("pk1"))!.previous)
      const second = yield* store.rotateProductSecret("pk1", sealed(2), 9000, 5000)
      assert.deepStrictEqual(
        [second?.secretVersion, second?.previous?.version, second?.previous?.until],
        [5000, 1000, 9000]
      )
      const third = yield* store.rotateProductSecret("pk1", sealed(3), 9500, 5000)
      assert.deepStrictEqual(
        [third?.secretVersion, third?.previous?.version, third?.previous?.until],
        [5001, 5000, 9500]
      )
      assert.deepStrictEqual(Uint8Array.from(third!.previous!.secret.bytes), Uint8Array.of(2))
      assert.deepStrictEqual(Uint8Array.from(third!.secret.bytes), Uint8Array.of(3))
      assert.isNull((yield* store.rotateProductSecret("pk1", sealed(4), undefined, 6000))!.previous)
      assert.isUndefined(yield* store.rotateProductSecret("pk9", sealed(4), undefined, 6000))
    }).pipe(Effect.provide(layerStore))
  )
})
