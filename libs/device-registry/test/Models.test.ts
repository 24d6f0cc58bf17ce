import { assert, describe, it } from "@effect/vitest"
import type { ThingModel } from "@roost/enos"
import { Effect } from "effect"
import { RegistryStore } from "../src/index.ts"
import { databases, postgresForFile } from "./support/Databases.ts"

const model = (modelId: string, points: ReadonlyArray<string> = ["temp"]): ThingModel => ({
  modelId,
  attributes: {},
  measurepoints: Object.fromEntries(points.map((point) => [point, { data: { dataType: "INT" as const } }])),
  services: {},
  events: {}
})
const product = (productKey: string, modelId?: string) => ({
  productKey,
  productName: "Meters",
  dataFormat: "Json" as const,
  dynamicActivateEnabled: true,
  downlink: "pipelined" as const,
  createdAt: 1,
  secret: { keyId: "k", bytes: Uint8Array.of(1) },
  ...(modelId === undefined ? {} : { modelId })
})

/** The profiles that the actors would be told now, after which they know them. */
const told = Effect.gen(function* () {
  const store = yield* RegistryStore
  const profiles = yield* store.untoldProfiles(100)
  yield* Effect.forEach(profiles, ({ id }) => store.forgetProfile(id))
  return profiles.map(({ key, profile }) => [key, profile] as const)
})

const server = postgresForFile()

for (const { database, layerStore } of databases(server)) {
  describe(`thing models on ${database}`, () => {
    it.effect("are created once, read, listed by id, and replaced by their next version", () =>
      Effect.gen(function* () {
        const store = yield* RegistryStore
        assert.isTrue(yield* store.createModel(model("b"), 10))
        assert.isTrue(yield* store.createModel(model("a"), 20))
        assert.isFalse(yield* store.createModel(model("a", ["other"]), 30))
        const replaced = yield* store.replaceModel(model("a", ["temp", "more"]), 40)
        assert.deepStrictEqual(replaced, {
          model: model("a", ["temp", "more"]),
          version: 2,
          createdAt: 20,
          updatedAt: 40
        })
        assert.deepStrictEqual(yield* store.model("a"), replaced)
        assert.isUndefined(yield* store.replaceModel(model("c"), 50))
        const ids = (after?: string) =>
          Effect.map(store.models(after, 5), (models) => models.map(({ model: { modelId } }) => modelId))
        assert.deepStrictEqual(yield* ids(), ["a", "b"])
        assert.deepStrictEqual(yield* ids("a"), ["b"])
      }).pipe(Effect.provide(layerStore))
    )

    it.effect("stay while a product refers to them", () =>
      Effect.gen(function* () {
        const store = yield* RegistryStore
        yield* store.createModel(model("m"), 1)
        yield* store.createProduct(product("pk1", "m"))
        assert.strictEqual((yield* store.product("pk1"))?.modelId, "m")
        assert.strictEqual(yield* store.deleteModel("m"), "InUse")
        yield* store.updateProduct("pk1", { modelId: null })
        assert.isUndefined((yield* store.product("pk1"))?.modelId)
        assert.strictEqual(yield* store.deleteModel("m"), "Deleted")
        assert.strictEqual(yield* store.deleteModel("m"), "Unknown")
      }).pipe(Effect.provide(layerStore))
    )

    it.effect("a product is told again with each change that comes with its devices' keys, which the actors keep", () =>
      Effect.gen(function* () {
        const store = yield* RegistryStore
        yield* store.createProduct(product("pk1"))
        const plain = ["product.pk1", { _tag: "Product", productKey: "pk1", modelId: null, script: null }] as const
        for (const change of [
          { closeNotify: "offline" },
          { piggybackMillis: 0 },
          { closeNotify: "lifetime" }
        ] as const) {
          yield* store.updateProduct("pk1", change)
          assert.deepStrictEqual(yield* told, [plain])
        }
        yield* store.updateProduct("pk1", { productName: "Other", dynamicActivateEnabled: true })
        assert.deepStrictEqual(yield* told, [])
      }).pipe(Effect.provide(layerStore))
    )

    it.effect("and the products that refer to them are told as they are by then, until that is done", () =>
      Effect.gen(function* () {
        const store = yield* RegistryStore
        yield* store.createProduct(product("plain"))
        assert.deepStrictEqual(yield* told, [])
        yield* store.createModel(model("m"), 1)
        yield* store.createProduct(product("pk.1", "m"))
        yield* store.replaceModel(model("m", ["new"]), 2)
        const current = { _tag: "Model", version: 2, model: model("m", ["new"]) } as const
        const first = yield* store.untoldProfiles(1)
        assert.deepStrictEqual(yield* store.untoldProfiles(1), first)
        assert.deepStrictEqual(yield* told, [
          ["model.m", current],
          ["product.pk=2E1", { _tag: "Product", productKey: "pk.1", modelId: "m", script: null }],
          ["model.m", current]
        ])
        yield* store.updateProduct("pk.1", { productName: "Other" })
        assert.deepStrictEqual(yield* told, [])
        yield* store.updateProduct("pk.1", { modelId: null })
        yield* store.deleteModel("m")
        assert.deepStrictEqual(yield* told, [
          ["product.pk=2E1", { _tag: "Product", productKey: "pk.1", modelId: null, script: null }],
          ["model.m", undefined]
        ])
      }).pipe(Effect.provide(layerStore))
    )
  })
}
