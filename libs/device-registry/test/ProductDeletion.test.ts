import { assert, describe, it } from "@effect/vitest"
import { waitUntil } from "@roost/testkit"
import { Effect, Exit, Layer, Logger, Scope } from "effect"
import {
  Credentials,
  deletionUntoldMax,
  layerProductDeletions,
  LiveStatus,
  ProductRemains,
  Registry,
  RegistryStore
} from "../src/index.ts"
import { databases, postgresForFile } from "./support/Databases.ts"
import { layerVault } from "./support/TestRegistry.ts"

const server = postgresForFile()
const productKey = "pk1"
const settings = { productKey, dataFormat: "Custom", dynamicActivateEnabled: true, downlink: "pipelined" } as const
const deviceKeys = Array.from({ length: 150 }, (_, i) => `d${i}`)

/** Somebody has read what is told, as `tellChanges` does. */
const tell = Effect.gen(function* () {
  const store = yield* RegistryStore
  const untold = yield* store.untoldChanges(10_000)
  yield* store.forgetChanges(untold.map(({ id }) => id))
  return untold.map(({ change }) => change)
})

describe.each(databases(server))("a product that is deleted, on $database", ({ layerStore }) => {
  const layers = Layer.mergeAll(Registry.layer, Credentials.layer).pipe(
    Layer.provideMerge(Layer.merge(layerStore, layerVault)),
    Layer.provide(LiveStatus.layerNone),
    Layer.provideMerge(Logger.layer([]))
  )

  /** A product with a script, and devices with events, attributes and latest values. */
  const seed = Effect.gen(function* () {
    const registry = yield* Registry
    const store = yield* RegistryStore
    yield* registry.createProduct({ ...settings, productName: "Meters" })
    yield* registry.createDevices(
      productKey,
      deviceKeys.map((deviceKey) => ({ deviceKey }))
    )
    yield* store.saveScriptDraft(productKey, "source")
    yield* store.noteScriptTested(productKey, "source")
    yield* store.publishScript(productKey, undefined, 1)
    const kind = "handshake-refused"
    const some = ["d0", "d1", "stranger", ""]
    const times = Array.from({ length: 149 }, (_, i) => i + 1)
    yield* store.addEvents(
      times.flatMap((at) =>
        some.map((deviceKey) => ({ kind, address: "", reason: "wrong key", productKey, deviceKey, at }))
      ),
      200
    )
    yield* registry.changeProperties({ productKey, deviceKey: "d0" }, "tag", { site: "A1" })
    yield* store.applyPoints(
      [{ productKey, deviceKey: "d0", uplinks: [], points: new Map([["temp", { value: 1, time: 1, order: 1 }]]) }],
      { copies: true }
    )
    yield* tell
    return { registry, store }
  })

  const forgotten: Array<string> = []
  const layerWorker = layerProductDeletions.pipe(
    Layer.provide(Layer.succeed(ProductRemains, { forget: (key) => Effect.sync(() => void forgotten.push(key)) }))
  )

  it.live("is refused while it has devices, with their number, and goes at once when it has none", () =>
    Effect.gen(function* () {
      const { registry, store } = yield* seed
      yield* Layer.build(layerWorker)
      const refused = yield* Effect.flip(registry.deleteProduct(productKey, false))
      assert.deepInclude(refused, { _tag: "ProductInUse", devices: 150 })
      assert.isUndefined((yield* registry.product(productKey)).deletingSince)
      yield* registry.createProduct({ ...settings, productKey: "empty", productName: "Empty" })
      assert.strictEqual(yield* registry.deleteProduct("empty", false), "Deleted")
      assert.strictEqual((yield* Effect.flip(registry.deleteProduct("empty", true)))._tag, "NoSuchProduct")
      assert.strictEqual((yield* store.deletions).length, 0)
    }).pipe(Effect.scoped, Effect.provide(layers))
  )

  it.live("may lose its scripts alone: draft, versions and what is published", () =>
    Effect.gen(function* () {
      const { store } = yield* seed
      yield* store.deleteScripts(productKey)
      assert.deepStrictEqual(yield* store.script(productKey), { versions: [] })
      const told = (yield* store.untoldProfiles(100)).at(-1)?.profile
      assert.deepInclude(told, { _tag: "Product", productKey, script: null })
    }).pipe(Effect.scoped, Effect.provide(layers))
  )

  it.live("goes with its devices if forced, the actors hear of each, and nothing is left of them", () =>
    Effect.gen(function* () {
      const { registry, store } = yield* seed
      const credentials = yield* Credentials
      yield* Layer.build(layerWorker)
      const told: Array<string> = []
      const deleted = yield* registry.deleteProduct(productKey, true)
      if (deleted !== "Deleted")
        yield* waitUntil(Effect.map(store.anyProduct(productKey), (found) => found === undefined))
      for (const { change, deviceKey } of yield* tell) {
        assert.strictEqual(change, "deleted")
        told.push(deviceKey)
      }
      assert.deepStrictEqual(told.toSorted(), deviceKeys.toSorted())
      assert.include(forgotten, productKey)
      const refused = yield* credentials.psk({ productKey, deviceKey: "d0", secureMode: 2 })
      assert.deepInclude(refused, { _tag: "Refused", reason: "UnknownProduct" })

      // Another of the same key begins with nothing.
      yield* registry.createProduct({ ...settings, productName: "Others" })
      yield* registry.createDevices(productKey, [{ deviceKey: "d0" }])
      const id = { productKey, deviceKey: "d0" }
      assert.strictEqual((yield* store.properties(id, "tag"))?.size, 0)
      assert.strictEqual((yield* store.points(id))?.size, 0)
      assert.deepStrictEqual((yield* store.script(productKey))?.versions, [])
      for (const deviceKey of ["d0", "stranger", ""]) {
        assert.deepStrictEqual(yield* store.events({ productKey, deviceKey }, { limit: 10 }), [], deviceKey)
      }
    }).pipe(Effect.scoped, Effect.provide(layers))
  )

  it.live(
    "lets nobody in and takes nothing from the moment on, and is deleted by the next registry after a crash",
    () =>
      Effect.gen(function* () {
        const { registry, store } = yield* seed
        const credentials = yield* Credentials
        const killed = yield* Scope.make()
        yield* Layer.buildWithScope(layerWorker, killed)
        yield* registry.createDevices(
          productKey,
          Array.from({ length: 2 * deletionUntoldMax }, (_, i) => ({ deviceKey: `more${i}` }))
        )
        // Nobody tells the actors: so many wait to be told, and the others stay.
        const begun = yield* registry.deleteProduct(productKey, true)
        assert.deepInclude(begun, { productKey })
        assert.isAbove(begun === "Deleted" ? 0 : begun.devices, deletionUntoldMax / 2)
        yield* Scope.close(killed, Exit.void)
        const refused = yield* credentials.psk({ productKey, deviceKey: "more0", secureMode: 2 })
        assert.deepInclude(refused, { _tag: "Refused", reason: "UnknownProduct" })
        assert.isNumber((yield* registry.product(productKey)).deletingSince)
        const attempts = yield* Effect.all(
          [
            registry.createDevice(productKey, { deviceKey: "new" }),
            registry.changeProduct(productKey, { productName: "New" }),
            registry.rotateProductSecret(productKey, { graceSeconds: 0 }),
            registry.createProduct({ ...settings, productName: "Again" })
          ].map((attempt: Effect.Effect<unknown, { readonly _tag: string }>) => Effect.flip(attempt))
        )
        assert.deepStrictEqual(
          attempts.map(({ _tag }) => _tag),
          ["NoSuchProduct", "NoSuchProduct", "NoSuchProduct", "ProductKeyExists"]
        )

        yield* Layer.build(layerWorker)
        yield* waitUntil(
          Effect.andThen(
            tell,
            Effect.map(store.anyProduct(productKey), (found) => found === undefined)
          )
        )
      }).pipe(Effect.scoped, Effect.provide(layers))
  )
})
