import { assert, describe, it } from "@effect/vitest"
import { propertiesBytesMax, propertiesPerDeviceMax, propertyValueBytesMax } from "@roost/contracts"
import { parseJson, storable } from "@roost/enos"
import { Effect, Exit } from "effect"
import { answerPropertiesAsk } from "../src/index.ts"
import { databases, postgresForFile } from "./support/Databases.ts"
import { id, secret, seededStore } from "./support/SeededStore.ts"

const values = (found: ReadonlyMap<string, { readonly value: unknown }> | undefined) =>
  Object.fromEntries([...found!].map(([name, { value }]) => [name, value]))

const server = postgresForFile()

for (const { database, layerStore } of databases(server)) {
  describe(`attributes and tags on ${database}`, () => {
    it.effect("are kept by name, any JSON, attributes apart from tags", () =>
      Effect.gen(function* () {
        const store = yield* seededStore
        yield* store.changeProperties(id, "attribute", { b: { c: [1, null] }, a: "x" }, 10)
        yield* store.changeProperties(id, "tag", { a: "t" }, 10)
        yield* store.changeProperties(id, "attribute", { a: 2 }, 20)
        assert.deepStrictEqual(values(yield* store.properties(id, "attribute")), { a: 2, b: { c: [1, null] } })
        assert.deepStrictEqual(values(yield* store.properties(id, "tag")), { a: "t" })
        assert.strictEqual((yield* store.properties(id, "attribute"))?.get("a")?.updatedAt, 20)
      }).pipe(Effect.provide(layerStore))
    )

    it.effect("an older change that comes late changes nothing, not even what was deleted since", () =>
      Effect.gen(function* () {
        const store = yield* seededStore
        yield* store.changeProperties(id, "attribute", { a: 1, b: 1 }, 20)
        yield* store.changeProperties(id, "attribute", { b: undefined }, 30)
        yield* store.changeProperties(id, "attribute", { a: 0, b: 0 }, 10)
        assert.deepStrictEqual(values(yield* store.properties(id, "attribute")), { a: 1 })
      }).pipe(Effect.provide(layerStore))
    )

    it.effect("a change over the limit is not done at all; a deletion always is", () =>
      Effect.gen(function* () {
        const store = yield* seededStore
        const many = Object.fromEntries(Array.from({ length: propertiesPerDeviceMax.tag }, (_, i) => [`t${i}`, "x"]))
        assert.strictEqual(yield* store.changeProperties(id, "tag", many, 1), "Done")
        assert.strictEqual(yield* store.changeProperties(id, "tag", { t0: "y", more: "x" }, 2), "TooMany")
        assert.strictEqual((yield* store.properties(id, "tag"))?.get("t0")?.value, "x")
        assert.strictEqual(yield* store.changeProperties(id, "tag", { t1: undefined, more: "x" }, 3), "Done")
        assert.strictEqual((yield* store.properties(id, "tag"))?.size, propertiesPerDeviceMax.tag)
      }).pipe(Effect.provide(layerStore))
    )

    it.effect("go with their device, and a new device of the same key has none", () =>
      Effect.gen(function* () {
        const store = yield* seededStore
        yield* store.changeProperties(id, "attribute", { a: 1 }, 1)
        yield* store.deleteDevice(id, 2)
        assert.isUndefined(yield* store.properties(id, "attribute"))
        assert.strictEqual(yield* store.changeProperties(id, "attribute", { a: 1 }, 3), "UnknownDevice")
        yield* store.createDevices([{ ...id, assetId: "a2", deviceName: "one", secret, createdAt: 4 }])
        assert.strictEqual((yield* store.properties(id, "attribute"))?.size, 0)
      }).pipe(Effect.provide(layerStore))
    )

    it.effect("a device's query has the names that it asked for and that are there, all of them for none", () =>
      Effect.gen(function* () {
        yield* seededStore
        const ask = (one: Parameters<typeof answerPropertiesAsk>[0]["ask"]) =>
          answerPropertiesAsk({ ...id, kind: "attribute", at: 5, ask: one })
        yield* ask({ _tag: "Update", values: { a: 1, b: 2 } })
        assert.deepStrictEqual(yield* ask({ _tag: "Query", names: ["b", "c"] }), { _tag: "Done", values: { b: 2 } })
        assert.deepStrictEqual(yield* ask({ _tag: "Query", names: [] }), { _tag: "Done", values: { a: 1, b: 2 } })
        yield* ask({ _tag: "Delete", names: [] })
        yield* ask({ _tag: "Delete", names: ["a"] })
        assert.deepStrictEqual(yield* ask({ _tag: "Query", names: [] }), { _tag: "Done", values: { b: 2 } })
      }).pipe(Effect.provide(layerStore))
    )

    it.effect("keep numbers as they were written, and __proto__ as a name (trust E5)", () =>
      Effect.gen(function* () {
        const store = yield* seededStore
        const text = `{"__proto__":{"x":1.0},"a":[1e400,-0,9007199254740993,0.10],"b":12345678901234567890123456789012345678901}`
        yield* store.changeProperties(id, "attribute", parseJson(text) as Record<string, unknown>, 10)
        const kept = yield* store.properties(id, "attribute")
        assert.strictEqual(JSON.stringify(values(kept)), text)
        const one = yield* store.properties(id, "attribute", ["b", "none", "b"])
        assert.deepStrictEqual([...one!.keys()], ["b"])
      }).pipe(Effect.provide(layerStore))
    )

    it.effect("have a limit of bytes per value and per device, and what is over it may shrink (trust C2)", () =>
      Effect.gen(function* () {
        const store = yield* seededStore
        const change = (name: string, bytes: number) =>
          store.changeProperties(id, "attribute", { [name]: "x".repeat(bytes - 2) }, 10)
        assert.strictEqual(yield* change("a", propertyValueBytesMax), "Done")
        assert.deepStrictEqual(yield* change("b", propertyValueBytesMax + 1), {
          _tag: "TooLarge",
          bytesMax: propertyValueBytesMax
        })
        const names = Array.from({ length: propertiesBytesMax / propertyValueBytesMax - 1 }, (_, i) => `n${i}`)
        for (const name of names) assert.strictEqual(yield* change(name, propertyValueBytesMax), "Done")
        assert.deepStrictEqual(yield* change("more", 2), { _tag: "TooLarge", bytesMax: propertiesBytesMax })
        assert.strictEqual(yield* change("a", propertyValueBytesMax - 2), "Done")
        assert.strictEqual(yield* change("more", 2), "Done")
        assert.strictEqual(yield* store.changeProperties(id, "attribute", { a: undefined }, 10), "Done")
        // Of the other kind nothing is used up.
        assert.strictEqual(yield* store.changeProperties(id, "tag", { a: "t" }, 10), "Done")
      }).pipe(Effect.provide(layerStore))
    )

    for (const text of ["a\0", "\ud83d", "\udc00\ud83d"]) {
      it.effect(`refuse ${JSON.stringify(text)} at the last door, and events tell it in escapes (trust C3)`, () =>
        Effect.gen(function* () {
          const store = yield* seededStore
          const refused = yield* Effect.exit(store.changeProperties(id, "attribute", { [text]: 1 }, 10))
          assert.isTrue(Exit.isFailure(refused))
          assert.strictEqual(yield* store.changeProperties(id, "attribute", { a: text }, 10), "Done")
          assert.strictEqual((yield* store.properties(id, "attribute"))?.get("a")?.value, text)
          const event = { ...id, kind: "k", at: 1, address: "", reason: `got ${text}`, detail: { text } }
          yield* store.addEvents([event], 1)
          const [logged] = yield* store.events(id, { limit: 10 })
          assert.strictEqual(logged!.reason, `got ${storable(text)}`)
          assert.strictEqual(logged!.detail?.["text"], text)
        }).pipe(Effect.provide(layerStore))
      )
    }
  })
}
