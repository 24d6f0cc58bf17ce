import { assert, describe, it } from "@effect/vitest"
import type { DeviceEvent, Presence } from "@roost/contracts"
import { Effect, Layer } from "effect"
import { statSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import {
  eventMillisMax,
  eventsPerDeviceMax,
  layerSqliteRegistryStore,
  RegistryStore,
  strangerEventsMax
} from "../src/index.ts"
import { layerTemporaryStore, temporaryDirectory } from "./support/TestRegistry.ts"

const id = { productKey: "pk1", deviceKey: "dev1" }
const secret = { keyId: "k", bytes: Uint8Array.of(1) }

const seed = Effect.gen(function* () {
  const store = yield* RegistryStore
  yield* store.createProduct({
    productKey: "pk1",
    productName: "Meters",
    dataFormat: "Json",
    dynamicActivateEnabled: true,
    downlink: "pipelined",
    createdAt: 1,
    secret
  })
  yield* store.createDevices([{ ...id, assetId: "a1", deviceName: "one", secret, createdAt: 1000 }])
  return store
})

const presence = (fields: Partial<Presence>): Presence => ({
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

const event = (fields: Partial<DeviceEvent>): DeviceEvent => ({
  ...id,
  kind: "handshake-refused",
  at: 1,
  address: "192.0.2.1:5684",
  reason: "wrong key",
  ...fields
})

describe("presence", () => {
  it.effect("activates a device by a handshake with its own secret, and by no other (design §3, 16)", () =>
    Effect.gen(function* () {
      const store = yield* seed
      yield* store.applyPresence([presence({ secureMode: 3, at: 1500 })])
      assert.strictEqual((yield* store.device(id))?.status, "inactive")
      yield* store.applyPresence([presence({})])
      const online = yield* store.device(id)
      assert.deepStrictEqual([online?.status, online?.activatedAt, online?.lifetimeSeconds], ["online", 2000, 60])
      yield* store.applyPresence([presence({ state: "offline", cause: "lifetime", at: 62_000, lastSeenAt: 2000 })])
      const offline = yield* store.device(id)
      assert.deepStrictEqual([offline?.status, offline?.activatedAt], ["offline", 2000])
      assert.deepStrictEqual([offline?.lastOnlineAt, offline?.lastOfflineAt], [2000, 62_000])
    }).pipe(Effect.provide(layerTemporaryStore))
  )

  it.effect("is not overtaken by an older message that comes late or again", () =>
    Effect.gen(function* () {
      const store = yield* seed
      yield* store.applyPresence([presence({ at: 3000 }), presence({ state: "offline", at: 2500 })])
      assert.strictEqual((yield* store.device(id))?.status, "online")
      yield* store.applyPresence([presence({ deviceKey: "gone" })])
      assert.isUndefined(yield* store.device({ ...id, deviceKey: "gone" }))
    }).pipe(Effect.provide(layerTemporaryStore))
  )
})

describe("credential changes", () => {
  it.effect("are stored with the message for the actors, once, with a version that grows", () =>
    Effect.gen(function* () {
      const store = yield* seed
      const before = (yield* store.device(id))!.credentialVersion
      yield* store.updateCredential(id, { _tag: "Enabled", enabled: false }, 10)
      yield* store.updateCredential(id, { _tag: "Enabled", enabled: false }, 11)
      yield* store.updateCredential(id, { _tag: "Enabled", enabled: true }, 12)
      yield* store.updateCredential(id, { _tag: "Secret", secret }, 5000)
      yield* store.deleteDevice(id, 5000)
      const untold = yield* store.untoldChanges(10)
      assert.deepStrictEqual(
        untold.map(({ change }) => change.change),
        ["disabled", "enabled", "secret", "deleted"]
      )
      const versions = untold.map(({ change }) => change.credentialVersion)
      assert.deepStrictEqual(versions, [before + 1, before + 2, 5000, 5001])
      yield* store.forgetChange(untold[0]!.id)
      assert.strictEqual((yield* store.untoldChanges(1))[0]?.change.change, "enabled")
    }).pipe(Effect.provide(layerTemporaryStore))
  )

  it.effect("117 do not issue a secret to a device that was activated meanwhile", () =>
    Effect.gen(function* () {
      const store = yield* seed
      const issue = { _tag: "Issue", secret, activationRequest: "r1" } as const
      assert.strictEqual((yield* store.updateCredential(id, issue, 5000))?.activationRequest, "r1")
      yield* store.applyPresence([presence({})])
      assert.isUndefined(yield* store.updateCredential(id, { ...issue, activationRequest: "r2" }, 6000))
      assert.strictEqual((yield* store.device(id))?.credentialVersion, 5000)
      // An operator still may change it, and that is no answer to an activation request.
      const rotated = yield* store.updateCredential(id, { _tag: "Secret", secret }, 7000)
      assert.deepStrictEqual([rotated?.credentialVersion, rotated?.activationRequest], [7000, null])
    }).pipe(Effect.provide(layerTemporaryStore))
  )

  it.effect("of a device that is not there change nothing", () =>
    Effect.gen(function* () {
      const store = yield* seed
      const gone = { ...id, deviceKey: "gone" }
      assert.isUndefined(yield* store.updateCredential(gone, { _tag: "Secret", secret }, 5))
      assert.isFalse(yield* store.deleteDevice(gone, 5))
      assert.deepStrictEqual(yield* store.untoldChanges(10), [])
    }).pipe(Effect.provide(layerTemporaryStore))
  )
})

describe("events", () => {
  it.effect("come newest first, page by page, and are not added twice", () =>
    Effect.gen(function* () {
      const store = yield* seed
      const three = [1, 2, 3].map((at) => event({ at, detail: { alert: at } }))
      yield* store.addEvents(three, 0)
      yield* store.addEvents(three, 0)
      const newest = yield* store.events(id, undefined, 2)
      assert.deepStrictEqual(
        newest.map(({ at, detail }) => [at, detail]),
        [
          [3, { alert: 3 }],
          [2, { alert: 2 }]
        ]
      )
      const rest = yield* store.events(id, newest[1]!.id, 2)
      assert.deepStrictEqual(
        rest.map(({ at }) => at),
        [1]
      )
    }).pipe(Effect.provide(layerTemporaryStore))
  )

  it.effect("of one device are bounded, so that it does not push out another's", () =>
    Effect.gen(function* () {
      const store = yield* seed
      yield* store.addEvents(
        Array.from({ length: eventsPerDeviceMax + 7 }, (_, at) => event({ at })),
        0
      )
      const kept = yield* store.events(id, undefined, 1000)
      assert.strictEqual(kept.length, eventsPerDeviceMax)
      assert.strictEqual(kept.at(-1)?.at, 7)
    }).pipe(Effect.provide(layerTemporaryStore))
  )

  it.effect("of strangers share one bound and leave registered devices alone", () =>
    Effect.gen(function* () {
      const store = yield* seed
      yield* store.addEvents([event({})], 0)
      const strangers = Array.from({ length: strangerEventsMax + 1 }, (_, i) => event({ deviceKey: `stranger${i}` }))
      yield* store.addEvents(strangers, 0)
      assert.lengthOf(yield* store.events({ ...id, deviceKey: "stranger0" }, undefined, 1), 0)
      assert.lengthOf(yield* store.events({ ...id, deviceKey: "stranger1" }, undefined, 1), 1)
      assert.lengthOf(yield* store.events(id, undefined, 1), 1)
    }).pipe(Effect.provide(layerTemporaryStore))
  )

  it.effect("go when they are as old as the stream keeps them", () =>
    Effect.gen(function* () {
      const store = yield* seed
      yield* store.addEvents([event({ at: 10 })], 10)
      yield* store.addEvents([event({ at: eventMillisMax + 11 })], eventMillisMax + 11)
      assert.deepStrictEqual(
        (yield* store.events(id, undefined, 10)).map(({ at }) => at),
        [eventMillisMax + 11]
      )
    }).pipe(Effect.provide(layerTemporaryStore))
  )
})

describe("the file", () => {
  it.effect("is readable by its owner only and is what it was after a restart", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryDirectory, "data", "registry.sqlite")
      yield* Effect.provide(seed, layerSqliteRegistryStore(file))
      assert.strictEqual(statSync(file).mode & 0o077, 0)
      const device = yield* Effect.provide(
        RegistryStore.use((store) => store.device(id)),
        Layer.fresh(layerSqliteRegistryStore(file))
      )
      assert.strictEqual(device?.deviceName, "one")
    })
  )

  it.effect("of a newer registry is not touched", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryDirectory, "registry.sqlite")
      const newer = new DatabaseSync(file)
      newer.exec("PRAGMA user_version = 99")
      newer.close()
      const exit = yield* Effect.exit(Effect.provide(RegistryStore, layerSqliteRegistryStore(file)))
      assert.include(String(exit), "schema 99")
    })
  )
})
