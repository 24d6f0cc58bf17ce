import { assert, describe, it } from "@effect/vitest"
import { parseJson } from "@roost/enos"
import { trailMax } from "@roost/contracts"
import { Effect } from "effect"
import { randomBytes } from "node:crypto"
import {
  copiesBytesMax,
  copyBytesMax,
  type LatestPoint,
  pointsBytesMax,
  pointsPerDeviceMax,
  pointValueBytesMax
} from "../src/index.ts"
import { databases, postgresForFile } from "./support/Databases.ts"
import { id, secret, seededStore } from "./support/SeededStore.ts"

const at = (order: number, value: unknown): LatestPoint => ({ value, time: order, order })

const seed = Effect.gen(function* () {
  const store = yield* seededStore
  const apply = (points: Readonly<Record<string, LatestPoint>>, deviceKey = "dev1") =>
    store.applyPoints([{ productKey: "pk1", deviceKey, uplinks: [], points: new Map(Object.entries(points)) }], {
      copies: true
    })
  return { store, apply }
})

const server = postgresForFile()

for (const { database, layerStore } of databases(server)) {
  describe(`latest values on ${database}`, () => {
    it.effect("are the newest by time, whatever comes last: a resume replaces nothing newer", () =>
      Effect.gen(function* () {
        const { apply, store } = yield* seed
        yield* apply({ a: at(20, "new"), b: at(20, 1) })
        yield* apply({ a: at(10, "resumed"), c: at(10, [1, { x: null }]) })
        yield* apply({ b: at(20, 2) })
        assert.deepStrictEqual(
          yield* store.points(id),
          new Map([
            ["a", at(20, "new")],
            ["b", at(20, 2)],
            ["c", at(10, [1, { x: null }])]
          ])
        )
      }).pipe(Effect.provide(layerStore))
    )

    it.effect("are of devices that there are, and go with them", () =>
      Effect.gen(function* () {
        const { apply, store } = yield* seed
        yield* apply({ a: at(1, 1) }, "stranger")
        assert.isUndefined(yield* store.points({ ...id, deviceKey: "stranger" }))
        assert.strictEqual((yield* store.points(id))?.size, 0)
        yield* apply({ a: at(1, 1) })
        yield* store.deleteDevice(id, 5000)
        yield* store.createDevices([{ ...id, assetId: "a2", deviceName: "one", secret, createdAt: 6000 }])
        assert.strictEqual((yield* store.points(id))?.size, 0)
      }).pipe(Effect.provide(layerStore))
    )

    it.effect("are bounded per device: the ones that were reported longest ago give way", () =>
      Effect.gen(function* () {
        const { apply, store } = yield* seed
        const many = Array.from({ length: pointsPerDeviceMax }, (_, i) => [`p${i}`, at(100 + i, i)])
        yield* apply(Object.fromEntries(many))
        yield* apply({ newest: at(1_000_000, "x"), ancient: at(1, "y") })
        const points = yield* store.points(id)
        assert.strictEqual(points?.size, pointsPerDeviceMax)
        assert.deepStrictEqual([points?.has("newest"), points?.has("ancient"), points?.has("p0")], [true, false, false])
      }).pipe(Effect.provide(layerStore))
    )

    it.effect("keep numbers as they were written (trust E6)", () =>
      Effect.gen(function* () {
        const { apply, store } = yield* seed
        const text = `[1.0,-0,1e400,9007199254740993,{"a":0.10}]`
        yield* apply({ a: { value: parseJson(text), time: JSON.rawJSON("1e3"), order: 1000 } })
        const { time, value } = (yield* store.points(id))!.get("a")!
        assert.strictEqual(JSON.stringify([value, time]), `[${text},1e3]`)
      }).pipe(Effect.provide(layerStore))
    )

    it.effect("come with copies of uplinks that are far apart, which are forgotten with the stream's", () =>
      Effect.gen(function* () {
        const { store } = yield* seed
        const hour = 3_600_000
        const post = (sequence: number, storedAt: number, text = `{"at":${sequence}}`) =>
          store.applyPoints(
            [
              {
                ...id,
                points: new Map(),
                uplinks: [{ sequence, storedAt, data: Buffer.from(text), header: (name) => `${name}?` }]
              }
            ],
            { copies: true }
          )
        const copied = Effect.map(store.copies(id), (copies) => copies.map(({ sequence }) => sequence))
        for (let i = 1; i <= 300; i++) yield* post(i * 10, i * hour)
        const [oldest] = yield* store.copies(id)
        assert.deepStrictEqual(
          { ...oldest!, data: Buffer.from(oldest!.data).toString(), header: oldest!.header("Roost-Topic") },
          {
            sequence: oldest!.sequence,
            storedAt: (oldest!.sequence / 10) * hour,
            data: `{"at":${oldest!.sequence}}`,
            header: "Roost-Topic?"
          }
        )
        const all = yield* copied
        assert.isAtLeast(all.length, trailMax)
        assert.isBelow(all.length, trailMax + 32)
        assert.deepStrictEqual(
          all,
          Array.from({ length: all.length }, (_, i) => (301 - all.length + i) * 10)
        )
        // What wakes up sends all that it has; what follows soon is in the stream beside it.
        yield* post(3_001, 300 * hour + 900)
        yield* post(3_002, 300 * hour + 5_000)
        // Delivered again, not of text, too large.
        yield* post(3_000, 300 * hour)
        yield* post(3_010, 301 * hour, "x".repeat(copyBytesMax + 1))
        assert.deepStrictEqual((yield* copied).slice(-2), [3_000, 3_001])
        assert.deepStrictEqual((yield* store.trail(id)).slice(-4), [3_000, 3_001, 3_002, 3_010])

        assert.isFalse(yield* store.forgetCopies(300 * hour))
        assert.isTrue(yield* store.forgetCopies(302 * hour))
        assert.isFalse(yield* store.forgetCopies(302 * hour))
        assert.deepStrictEqual(yield* copied, [])
      }).pipe(Effect.provide(layerStore))
    )

    it.effect("take no more room for copies than their limit (trust C2)", () =>
      Effect.gen(function* () {
        const { store } = yield* seed
        const text = () => randomBytes(copyBytesMax / 2).toString("hex")
        for (let i = 1; i <= 64; i++) {
          const uplink = { sequence: i, storedAt: i * 3_600_000, data: Buffer.from(text()), header: () => "" }
          yield* store.applyPoints([{ ...id, points: new Map(), uplinks: [uplink] }], { copies: true })
        }
        const copies = yield* store.copies(id)
        assert.strictEqual(copies.at(-1)?.sequence, 64)
        assert.isAtMost(copies.length, copiesBytesMax / (copyBytesMax / 2))
      }).pipe(Effect.provide(layerStore))
    )

    it.effect("may be of no point; where copies are off they are not copied, and keep their places in the stream", () =>
      Effect.gen(function* () {
        const { store } = yield* seed
        const uplink = { sequence: 7, storedAt: 3_600_000, data: Buffer.from("{}"), header: () => "" }
        yield* store.applyPoints([{ ...id, points: new Map(), uplinks: [uplink] }], { copies: false })
        assert.deepStrictEqual([yield* store.copies(id), yield* store.trail(id)], [[], [7]])
        yield* store.applyPoints([{ ...id, points: new Map(), uplinks: [{ ...uplink, sequence: 8 }] }], {
          copies: true
        })
        assert.deepStrictEqual(
          (yield* store.copies(id)).map(({ sequence }) => sequence),
          [8]
        )
      }).pipe(Effect.provide(layerStore))
    )

    it.effect("have a limit of bytes per value and per device (trust C2)", () =>
      Effect.gen(function* () {
        const { apply, store } = yield* seed
        yield* apply({ a: at(1, "small"), b: at(1, 1) })
        yield* apply({ a: at(2, "x".repeat(pointValueBytesMax)) })
        assert.deepStrictEqual([...(yield* store.points(id))!.keys()], ["b"])
        const large = "€".repeat(1000)
        for (let i = 0; i < 60; i++) yield* apply({ [`p${i}`]: at(10 + i, large) })
        const points = (yield* store.points(id))!
        assert.isBelow(points.size * 3000, pointsBytesMax)
        assert.isAbove(points.size * 3100, pointsBytesMax - 2 * 3100)
        assert.deepStrictEqual([points.has("b"), points.has("p0"), points.has("p59")], [false, false, true])
      }).pipe(Effect.provide(layerStore))
    )
  })
}
