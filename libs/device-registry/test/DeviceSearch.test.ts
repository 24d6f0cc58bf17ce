import { assert, describe, it } from "@effect/vitest"
import { countedFoundMax, type DeviceCursor, type Presence } from "@roost/contracts"
import { Effect, Result } from "effect"
import { type DeviceQuery, RegistryStore } from "../src/index.ts"
import { databases, postgresForFile } from "./support/Databases.ts"
import { presence as seededPresence } from "./support/SeededStore.ts"
import { layerTemporaryStore } from "./support/TestRegistry.ts"

const server = postgresForFile()
const secret = { keyId: "k", bytes: new Uint8Array(60) }

const product = (productKey: string) => ({
  productKey,
  productName: productKey,
  dataFormat: "Json" as const,
  dynamicActivateEnabled: false,
  downlink: "pipelined" as const,
  createdAt: 1,
  secret
})

const device = (productKey: string, deviceKey: string, deviceName = deviceKey) => ({
  productKey,
  deviceKey,
  assetId: `${productKey}-${deviceKey}`,
  deviceName,
  secret,
  createdAt: 1
})

const heard = (productKey: string, deviceKey: string, at: number): Presence =>
  seededPresence({ productKey, deviceKey, at, lastSeenAt: at, credentialVersion: 1 })

/** Until the index of the database is complete, and has what was changed before. */
const search = Effect.fnUntraced(function* (query: Partial<DeviceQuery>) {
  const store = yield* RegistryStore
  return yield* Effect.result(store.searchDevices({ sort: "deviceKey", limit: 10, ...query })).pipe(
    Effect.flatMap((result) =>
      Result.isSuccess(result) ? Effect.succeed(result.success) : Effect.delay(Effect.undefined, "20 millis")
    ),
    Effect.repeat({ until: (found) => found !== undefined }),
    Effect.map((found) => found!)
  )
})

const keys = (query: Partial<DeviceQuery>) =>
  Effect.map(search(query), ({ devices }) => devices.map(({ deviceKey }) => deviceKey))

/** Instances on PostgreSQL bring changes into the index in the background. */
const soon = <A, E, R>(look: Effect.Effect<A, E, R>, until: (found: A) => boolean) =>
  look.pipe(Effect.delay("20 millis"), Effect.repeat({ until }))

const fleet = Effect.gen(function* () {
  const store = yield* RegistryStore
  for (const key of ["meters", "valves"]) yield* store.createProduct(product(key))
  yield* store.createDevices([
    device("meters", "imei-8601", "Hall North"),
    device("meters", "imei-8602"),
    device("meters", "imei-8603", "Zähler 100%"),
    device("meters", "xyz_1", "水表一号")
  ])
  yield* store.createDevices([device("valves", "imei-8601", "Pump room"), device("valves", "IMEI-7")])
  yield* store.changeProperties(
    { productKey: "meters", deviceKey: "imei-8602" },
    "tag",
    { site: "Bergen", floor: "2" },
    5
  )
  yield* store.changeProperties({ productKey: "valves", deviceKey: "IMEI-7" }, "tag", { site: "Oslo" }, 5)
  yield* store.changeProperties({ productKey: "valves", deviceKey: "IMEI-7" }, "attribute", { site: "Bergen" }, 5)
  yield* store.applyPresence([
    heard("meters", "imei-8601", 3_000),
    heard("meters", "imei-8602", 1_000),
    heard("valves", "imei-8601", 2_000)
  ])
  yield* soon(search({ part: "oslo" }), ({ found }) => found === 1)
})

describe.each(databases(server))("the search on $database", ({ layerStore }) => {
  it.live("finds parts of keys, names and tags in upper and lower case, and beginnings by one or two letters", () =>
    Effect.gen(function* () {
      yield* fleet
      assert.deepStrictEqual(yield* keys({ part: "8601" }), ["imei-8601", "imei-8601"])
      assert.deepStrictEqual(yield* keys({ part: "north" }), ["imei-8601"])
      assert.deepStrictEqual(yield* keys({ part: "ZÄHL" }), ["imei-8603"])
      assert.deepStrictEqual(yield* keys({ part: "berg" }), ["imei-8602"])
      assert.deepStrictEqual(yield* keys({ part: "site=o" }), ["IMEI-7"])
      assert.deepStrictEqual(yield* keys({ part: "水表一" }), ["xyz_1"])
      assert.deepStrictEqual(yield* keys({ part: "im" }), [
        "IMEI-7",
        "imei-8601",
        "imei-8601",
        "imei-8602",
        "imei-8603"
      ])
      assert.deepStrictEqual(yield* keys({ part: "P" }), ["imei-8601"])
      assert.deepStrictEqual(yield* keys({ part: "b" }), ["imei-8602"])
      // A character that has a meaning in patterns is a letter like others.
      assert.deepStrictEqual(yield* keys({ part: "00%" }), ["imei-8603"])
      assert.deepStrictEqual(yield* keys({ part: "z_1" }), ["xyz_1"])
      for (const part of ["%%%", "___", '"""', "'", "\\", "zzz", "86"])
        assert.deepStrictEqual(yield* keys({ part }), [])
    }).pipe(Effect.provide(layerStore))
  )

  it.live("meets every condition, sorts by key and by when devices were heard of, and shows tags", () =>
    Effect.gen(function* () {
      yield* fleet
      assert.deepStrictEqual(yield* keys({ productKey: "valves" }), ["IMEI-7", "imei-8601"])
      assert.deepStrictEqual(yield* keys({ productKey: "nobody" }), [])
      assert.deepStrictEqual(yield* keys({ status: "online" }), ["imei-8601", "imei-8601", "imei-8602"])
      assert.deepStrictEqual(yield* keys({ status: "inactive", productKey: "meters" }), ["imei-8603", "xyz_1"])
      assert.deepStrictEqual(yield* keys({ tag: { name: "site" } }), ["IMEI-7", "imei-8602"])
      assert.deepStrictEqual(yield* keys({ tag: { name: "site", value: "Bergen" } }), ["imei-8602"])
      assert.deepStrictEqual(yield* keys({ seenBefore: 2_500 }), ["imei-8601", "imei-8602"])
      assert.deepStrictEqual(yield* keys({ part: "8601", status: "online", seenBefore: 2_500 }), ["imei-8601"])
      const byTime = ["imei-8602", "imei-8601", "imei-8601"]
      const never = ["IMEI-7", "imei-8603", "xyz_1"]
      assert.deepStrictEqual(yield* keys({ sort: "lastSeen" }), [...byTime, ...never])
      assert.deepStrictEqual(yield* keys({ sort: "-lastSeen" }), [...byTime.toReversed(), ...never])
      assert.deepStrictEqual(yield* keys({ sort: "-deviceKey", limit: 2 }), ["xyz_1", "imei-8603"])
      const { devices, found } = yield* search({ part: "8602" })
      assert.deepStrictEqual([found, devices[0]?.tags], [1, { floor: "2", site: "Bergen" }])
    }).pipe(Effect.provide(layerStore))
  )

  it.live("gives every device once, page by page, in each order", () =>
    Effect.gen(function* () {
      yield* fleet
      for (const sort of ["deviceKey", "-deviceKey", "lastSeen", "-lastSeen"] as const) {
        const whole = (yield* search({ sort })).devices.map(({ assetId }) => assetId)
        const paged: Array<string> = []
        for (let after: DeviceCursor | undefined; paged.length < whole.length;) {
          const { devices, found } = yield* search({ sort, after, limit: 2 })
          paged.push(...devices.map(({ assetId }) => assetId))
          const last = devices.at(-1)!
          after = { ...last, lastSeenAt: last.lastSeenAt ?? undefined, found }
        }
        assert.deepStrictEqual([sort, ...paged], [sort, ...whole])
      }
    }).pipe(Effect.provide(layerStore))
  )

  it.live("follows names, tags and deletions", () =>
    Effect.gen(function* () {
      yield* fleet
      const store = yield* RegistryStore
      const id = { productKey: "meters", deviceKey: "imei-8602" }
      yield* store.renameDevice(id, "Cellar")
      yield* store.changeProperties(id, "tag", { site: undefined }, 6)
      yield* soon(keys({ part: "cellar" }), (found) => found.length === 1)
      yield* soon(search({ part: "bergen" }), ({ found }) => found === 0)
      yield* store.deleteDevice(id, 7)
      yield* soon(search({ part: "cellar" }), ({ found }) => found === 0)
      yield* store.createDevices([device("meters", "imei-8602", "Roof")])
      yield* soon(keys({ part: "roof" }), (found) => found.length === 1)
      yield* store.beginDeletion("valves", true, 8)
      assert.strictEqual((yield* store.deleteDevicesOf("valves", 10)).deleted, 2)
      yield* soon(search({ part: "imei" }), ({ found }) => found === 3)
    }).pipe(Effect.provide(layerStore))
  )
})

/** Making so many takes a database some seconds; the statements are the same on both. */
it.live(`a search counts exactly up to ${countedFoundMax}, and goes by whichever condition finds fewest`, () =>
  Effect.gen(function* () {
    const store = yield* RegistryStore
    yield* store.createProduct(product("many"))
    const devices = Array.from({ length: countedFoundMax + 5 }, (_, i) =>
      device("many", `d-${String(i).padStart(6, "0")}`)
    )
    for (let i = 0; i < devices.length; i += 2_000) yield* store.createDevices(devices.slice(i, i + 2_000))
    yield* store.applyPresence([heard("many", "d-000007", 9)])
    yield* soon(search({ part: "d-010004" }), ({ found }) => found === 1)
    assert.strictEqual((yield* search({ part: "d-00", limit: 1 })).found, countedFoundMax)
    assert.strictEqual((yield* search({ part: "d-0", limit: 1 })).found, countedFoundMax + 1)
    assert.strictEqual((yield* search({ limit: 1 })).found, countedFoundMax + 1)
    // Many have the part: they are gone through in order. Few meet the other condition: those are looked at.
    assert.deepStrictEqual(yield* keys({ part: "d-0", sort: "-deviceKey", limit: 1 }), ["d-010004"])
    assert.deepStrictEqual(yield* keys({ part: "d-0", sort: "-lastSeen", limit: 2 }), ["d-000007", "d-000000"])
    assert.deepStrictEqual(yield* keys({ part: "d-0", seenBefore: 10 }), ["d-000007"])
    const counts = yield* store.countByStatus
    assert.deepStrictEqual(
      counts.map(({ byStatus }) => byStatus),
      [{ inactive: countedFoundMax + 4, online: 1 }]
    )
  }).pipe(Effect.provide(layerTemporaryStore))
)
