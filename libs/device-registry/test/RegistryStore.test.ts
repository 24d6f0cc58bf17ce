import { assert, describe, it } from "@effect/vitest"
import type { DeviceEvent, EventQuery } from "@roost/contracts"
import { Effect, Exit, Layer, Scope } from "effect"
import { statSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import {
  eventMillisMax,
  eventsPerDeviceMax,
  layerSqliteSql,
  layerSqlRegistryStore,
  RegistryStore,
  strangerEventsMax
} from "../src/index.ts"
import { databases, postgresForFile } from "./support/Databases.ts"
import { id, presence, secret, seededStore } from "./support/SeededStore.ts"
import { temporaryDirectory } from "./support/TestRegistry.ts"

const event = (fields: Partial<DeviceEvent>): DeviceEvent => ({
  ...id,
  kind: "handshake-refused",
  at: 1,
  address: "192.0.2.1:5684",
  reason: "wrong key",
  ...fields
})

const server = postgresForFile()

describe.each(databases(server))("RegistryStore on $database", ({ layerStore }) => {
  describe("a product's options of its sessions", () => {
    it.live("have their defaults, and are kept as they were changed (trust E14)", () =>
      Effect.gen(function* () {
        const store = yield* seededStore
        const optionsOf = Effect.map(store.product(id.productKey), (product) => [
          product?.piggybackMillis,
          product?.closeNotify
        ])
        assert.deepStrictEqual(yield* optionsOf, [4000, "lifetime"])
        yield* store.updateProduct(id.productKey, { piggybackMillis: 1500 })
        assert.deepStrictEqual(yield* optionsOf, [1500, "lifetime"])
        yield* store.updateProduct(id.productKey, { closeNotify: "offline" })
        assert.deepStrictEqual(yield* optionsOf, [1500, "offline"])
      }).pipe(Effect.provide(layerStore))
    )
  })

  describe("presence", () => {
    it.live("activates a device by a handshake with its own secret, and by no other (contract §7.16)", () =>
      Effect.gen(function* () {
        const store = yield* seededStore
        yield* store.applyPresence([presence({ secureMode: 3, at: 1500 })])
        assert.strictEqual((yield* store.device(id))?.status, "inactive")
        yield* store.applyPresence([presence({})])
        const online = yield* store.device(id)
        assert.deepStrictEqual([online?.status, online?.activatedAt, online?.lifetimeSeconds], ["online", 2000, 60])
        yield* store.applyPresence([presence({ state: "offline", cause: "lifetime", at: 62_000, lastSeenAt: 2000 })])
        const offline = yield* store.device(id)
        assert.deepStrictEqual([offline?.status, offline?.activatedAt], ["offline", 2000])
        assert.deepStrictEqual([offline?.lastOnlineAt, offline?.lastOfflineAt], [2000, 62_000])
      }).pipe(Effect.provide(layerStore))
    )

    it.live("is not overtaken by an older message that comes late or again", () =>
      Effect.gen(function* () {
        const store = yield* seededStore
        yield* store.applyPresence([presence({ at: 3000 }), presence({ state: "offline", at: 2500 })])
        assert.strictEqual((yield* store.device(id))?.status, "online")
        yield* store.applyPresence([presence({ deviceKey: "gone" })])
        assert.isUndefined(yield* store.device({ ...id, deviceKey: "gone" }))
      }).pipe(Effect.provide(layerStore))
    )

    it.live("that comes late, after newer of another instance, still activates and tells when", () =>
      Effect.gen(function* () {
        const store = yield* seededStore
        yield* store.applyPresence([presence({ state: "offline", cause: "closeNotify", at: 3000, lastSeenAt: 3000 })])
        yield* store.applyPresence([presence({ at: 2000, address: "192.0.2.7:1" })])
        const device = yield* store.device(id)
        assert.deepStrictEqual(
          [device?.status, device?.activatedAt, device?.lastOnlineAt, device?.lastOfflineAt, device?.address],
          ["offline", 2000, 2000, 3000, "192.0.2.1:5684"]
        )
      }).pipe(Effect.provide(layerStore))
    )
  })

  describe("credential changes", () => {
    it.live("are stored with the message for the actors, once, with a version that grows", () =>
      Effect.gen(function* () {
        const store = yield* seededStore
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
        yield* store.forgetChanges([untold[0]!.id])
        assert.strictEqual((yield* store.untoldChanges(1))[0]?.change.change, "enabled")
      }).pipe(Effect.provide(layerStore))
    )

    it.live("of a device that is not there change nothing", () =>
      Effect.gen(function* () {
        const store = yield* seededStore
        const gone = { ...id, deviceKey: "gone" }
        assert.isUndefined(yield* store.updateCredential(gone, { _tag: "Secret", secret }, 5))
        assert.isFalse(yield* store.deleteDevice(gone, 5))
        assert.deepStrictEqual(yield* store.untoldChanges(10), [])
      }).pipe(Effect.provide(layerStore))
    )
  })

  describe("presence with its events", () => {
    const online = (deviceKey: string, at: number) => ({
      presence: presence({ deviceKey, at }),
      event: event({ deviceKey, at, kind: "online", reason: "verified" })
    })
    const file = (filed: ReadonlyArray<ReturnType<typeof online>>, now = 0) =>
      RegistryStore.use((store) =>
        store.filePresence(
          filed.map((each) => each.presence),
          filed.map((each) => each.event),
          now
        )
      )

    it.live("is filed once, however often it is delivered", () =>
      Effect.gen(function* () {
        const store = yield* seededStore
        const batch = [online("dev1", 2000), online("gone", 2000), online("dev1", 3000)]
        yield* file(batch)
        yield* file(batch)
        assert.strictEqual((yield* store.device(id))?.lastOnlineAt, 3000)
        assert.deepStrictEqual(
          (yield* store.events(id, { limit: 10 })).map(({ at }) => at),
          [3000, 2000]
        )
        assert.lengthOf(yield* store.events({ ...id, deviceKey: "gone" }, { limit: 10 }), 1)
      }).pipe(Effect.provide(layerStore))
    )

    it.live("keeps the bounds of a device's log", () =>
      Effect.gen(function* () {
        const store = yield* seededStore
        yield* file(Array.from({ length: eventsPerDeviceMax }, (_, at) => online("dev1", at)))
        assert.lengthOf(yield* store.events(id, { limit: 1000 }), eventsPerDeviceMax)
        yield* file([online("dev1", 5000), online("dev1", 5001)])
        const kept = yield* store.events(id, { limit: 1000 })
        assert.deepStrictEqual([kept.length, kept[0]?.at, kept.at(-1)?.at], [eventsPerDeviceMax, 5001, 2])
      }).pipe(Effect.provide(layerStore))
    )

    it.live("counts those of devices that are not registered as strangers'", () =>
      Effect.gen(function* () {
        const store = yield* seededStore
        yield* file([online("dev1", 1), ...Array.from({ length: strangerEventsMax + 1 }, (_, i) => online(`s${i}`, 1))])
        assert.lengthOf(yield* store.events({ ...id, deviceKey: "s0" }, { limit: 1 }), 0)
        assert.lengthOf(yield* store.events({ ...id, deviceKey: "s1" }, { limit: 1 }), 1)
        assert.lengthOf(yield* store.events(id, { limit: 1 }), 1)
      }).pipe(Effect.provide(layerStore))
    )

    it.live("lets events go when they are as old as the stream keeps them", () =>
      Effect.gen(function* () {
        const store = yield* seededStore
        yield* file([online("dev1", 10)], 10)
        yield* file([online("dev1", eventMillisMax + 11)], eventMillisMax + 11)
        assert.deepStrictEqual(
          (yield* store.events(id, { limit: 10 })).map(({ at }) => at),
          [eventMillisMax + 11]
        )
      }).pipe(Effect.provide(layerStore))
    )
  })

  describe("events", () => {
    it.live("come newest first, page by page, and are not added twice", () =>
      Effect.gen(function* () {
        const store = yield* seededStore
        const three = [1, 2, 3].map((at) => event({ at, detail: { alert: at } }))
        yield* store.addEvents(three, 0)
        yield* store.addEvents(three, 0)
        const newest = yield* store.events(id, { limit: 2 })
        assert.deepStrictEqual(
          newest.map(({ at, detail }) => [at, detail]),
          [
            [3, { alert: 3 }],
            [2, { alert: 2 }]
          ]
        )
        const rest = yield* store.events(id, { before: newest[1]!, limit: 2 })
        assert.deepStrictEqual(
          rest.map(({ at }) => at),
          [1]
        )
      }).pipe(Effect.provide(layerStore))
    )

    it.live("are in the order of their times, whichever was stored first, and are asked for by kind and time", () =>
      Effect.gen(function* () {
        const store = yield* seededStore
        const stored = [
          ["uplink-refused", 30],
          ["request-refused", 10],
          ["time-odd", 30],
          ["uplink-refused", 20]
        ] as const
        yield* store.addEvents(
          stored.map(([kind, at]) => event({ kind, at })),
          0
        )
        yield* store.addEvents([event({ kind: "online", at: 25 })], 0)
        const told = (query: Omit<EventQuery, "limit">) =>
          Effect.map(store.events(id, { limit: 10, ...query }), (events) =>
            events.map(({ at, kind }) => `${at} ${kind}`)
          )
        const all = ["30 time-odd", "30 uplink-refused", "25 online", "20 uplink-refused", "10 request-refused"]
        assert.deepStrictEqual(yield* told({}), all)
        const [, second] = yield* store.events(id, { limit: 2 })
        assert.deepStrictEqual(yield* told({ before: second! }), all.slice(2))
        assert.deepStrictEqual(yield* told({ kind: "uplink-refused" }), [all[1]!, all[3]!])
        assert.deepStrictEqual(yield* told({ from: 20, to: 30 }), [all[2]!, all[3]!])
        assert.deepStrictEqual(yield* told({ kind: "online", from: 26 }), [])
      }).pipe(Effect.provide(layerStore))
    )

    it.live("of a product as such are kept beside those of its devices", () =>
      Effect.gen(function* () {
        const store = yield* seededStore
        yield* store.addEvents([event({ deviceKey: "", kind: "script-throws" }), event({})], 0)
        const strangers = Array.from({ length: strangerEventsMax + 1 }, (_, i) => event({ deviceKey: `stranger${i}` }))
        yield* store.addEvents(strangers, 0)
        assert.deepStrictEqual(
          (yield* store.events({ ...id, deviceKey: "" }, { limit: 9 })).map(({ kind }) => kind),
          ["script-throws"]
        )
        assert.lengthOf(yield* store.events(id, { limit: 9 }), 1)
      }).pipe(Effect.provide(layerStore))
    )

    it.live("of one device are bounded, so that it does not push out another's", () =>
      Effect.gen(function* () {
        const store = yield* seededStore
        yield* store.addEvents(
          Array.from({ length: eventsPerDeviceMax + 7 }, (_, at) => event({ at })),
          0
        )
        const kept = yield* store.events(id, { limit: 1000 })
        assert.strictEqual(kept.length, eventsPerDeviceMax)
        assert.strictEqual(kept.at(-1)?.at, 7)
      }).pipe(Effect.provide(layerStore))
    )

    it.live("of strangers share one bound and leave registered devices alone", () =>
      Effect.gen(function* () {
        const store = yield* seededStore
        yield* store.addEvents([event({})], 0)
        const strangers = Array.from({ length: strangerEventsMax + 1 }, (_, i) => event({ deviceKey: `stranger${i}` }))
        yield* store.addEvents(strangers, 0)
        assert.lengthOf(yield* store.events({ ...id, deviceKey: "stranger0" }, { limit: 1 }), 0)
        assert.lengthOf(yield* store.events({ ...id, deviceKey: "stranger1" }, { limit: 1 }), 1)
        assert.lengthOf(yield* store.events(id, { limit: 1 }), 1)
      }).pipe(Effect.provide(layerStore))
    )

    it.live("go when they are as old as the stream keeps them", () =>
      Effect.gen(function* () {
        const store = yield* seededStore
        yield* store.addEvents([event({ at: 10 })], 10)
        yield* store.addEvents([event({ at: eventMillisMax + 11 })], eventMillisMax + 11)
        assert.deepStrictEqual(
          (yield* store.events(id, { limit: 10 })).map(({ at }) => at),
          [eventMillisMax + 11]
        )
      }).pipe(Effect.provide(layerStore))
    )
  })

  describe("devices", () => {
    it.live("come by device key in the order of its bytes, page by page, by status if asked", () =>
      Effect.gen(function* () {
        const store = yield* seededStore
        const keys = ["a:b", "B", "_x", "a-b", "A"]
        const taken = yield* store.createDevices(
          ["dev1", ...keys].map((deviceKey) => ({
            productKey: "pk1",
            deviceKey,
            assetId: `of ${deviceKey}`,
            deviceName: "",
            secret,
            createdAt: 1
          }))
        )
        assert.deepStrictEqual(taken, [false, true, true, true, true, true])
        const first = yield* store.devices("pk1", { limit: 4 })
        const rest = yield* store.devices("pk1", { limit: 4, after: first[3]!.deviceKey })
        assert.deepStrictEqual(
          [...first, ...rest].map(({ deviceKey }) => deviceKey),
          ["A", "B", "_x", "a-b", "a:b", "dev1"]
        )
        assert.lengthOf(yield* store.devices("pk1", { limit: 9, status: "online" }), 0)
        assert.lengthOf(yield* store.devices("pk1", { limit: 9, status: "inactive" }), 6)
      }).pipe(Effect.provide(layerStore))
    )

    it.live("are found by their asset id", () =>
      Effect.gen(function* () {
        const store = yield* seededStore
        assert.strictEqual((yield* store.deviceOfAsset("a1"))?.deviceKey, "dev1")
        assert.isUndefined(yield* store.deviceOfAsset("a2"))
      }).pipe(Effect.provide(layerStore))
    )

    it.live("keep their secret as it was sealed, byte for byte", () =>
      Effect.gen(function* () {
        const store = yield* seededStore
        const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
        yield* store.updateCredential(id, { _tag: "Secret", secret: { keyId: "k2", bytes } }, 5)
        const device = yield* store.device(id)
        assert.deepStrictEqual(Uint8Array.from(device!.secret.bytes), bytes)
        assert.strictEqual(device!.secret.keyId, "k2")
      }).pipe(Effect.provide(layerStore))
    )
  })

  describe("products", () => {
    it.live("are created once and change only where asked", () =>
      Effect.gen(function* () {
        const store = yield* seededStore
        const product = (yield* store.product("pk1"))!
        assert.isFalse(yield* store.createProduct({ ...product, productName: "again" }))
        assert.strictEqual(
          (yield* store.updateProduct("pk1", { dynamicActivateEnabled: false }))?.productName,
          "Meters"
        )
        assert.isFalse((yield* store.updateProduct("pk1", { productName: "Gas" }))?.dynamicActivateEnabled)
        assert.isUndefined(yield* store.updateProduct("pk2", { productName: "Gas" }))
        assert.deepStrictEqual(
          (yield* store.products("pk0", 5)).map(({ productName }) => productName),
          ["Gas"]
        )
      }).pipe(Effect.provide(layerStore))
    )
  })
})

const storeIn = (file: string) => layerSqlRegistryStore.pipe(Layer.provide(layerSqliteSql(file)))

describe("the file of SQLite", () => {
  it.live("is readable by its owner only and is what it was after a restart", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryDirectory, "data", "registry.sqlite")
      yield* Effect.provide(seededStore, storeIn(file))
      assert.strictEqual(statSync(file).mode & 0o077, 0)
      const device = yield* Effect.provide(
        RegistryStore.use((store) => store.device(id)),
        Layer.fresh(storeIn(file))
      )
      assert.strictEqual(device?.deviceName, "one")
    })
  )

  it.live("of a newer registry is not touched", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryDirectory, "registry.sqlite")
      const newer = new DatabaseSync(file)
      newer.exec("PRAGMA user_version = 99")
      newer.close()
      const exit = yield* Effect.exit(Effect.provide(RegistryStore, storeIn(file)))
      assert.include(String(exit), "schema 99")
    })
  )

  it.live("of another registry is not taken, and free again when that one ends", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryDirectory, "registry.sqlite")
      const other = yield* Scope.make()
      yield* Layer.build(storeIn(file)).pipe(Scope.provide(other))
      const exit = yield* Effect.exit(Effect.provide(RegistryStore, storeIn(file)))
      assert.include(String(exit), `another registry has ${file} open`)
      yield* Scope.close(other, Exit.void)
      yield* Effect.provide(RegistryStore, storeIn(file))
    })
  )
})
