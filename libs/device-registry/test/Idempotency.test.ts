import { assert, describe, it } from "@effect/vitest"
import { CurrentIdempotentRequest } from "@roost/contracts"
import { Effect, Stream } from "effect"
import { importDevices } from "../src/DeviceImport.ts"
import { Registry, RegistryStore } from "../src/index.ts"
import { layerTestRegistry } from "./support/TestRegistry.ts"

const product = { productName: "P", dataFormat: "Json", dynamicActivateEnabled: false, downlink: "pipelined" } as const

/** A run of the request whose key came first at `at`. */
const run = <A, E, R>(effect: Effect.Effect<A, E, R>, again: boolean, seed = 1) =>
  Effect.provideService(effect, CurrentIdempotentRequest, { seed: new Uint8Array(32).fill(seed), at: 1_000, again })

/** The outcome of two runs of one request: the first died after it had done everything, and before its answer was kept. */
const twice = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const first = yield* run(effect, false)
    assert.deepStrictEqual(yield* run(effect, true), first)
    return first
  })

describe("a request that runs again", () => {
  it.effect("makes a product and a device once, with the same keys and secrets (trust F13)", () =>
    Effect.gen(function* () {
      const registry = yield* Registry
      const { productKey } = yield* twice(registry.createProduct(product))
      assert.lengthOf(yield* registry.products(undefined, 10), 1)
      yield* twice(registry.createDevice(productKey, { deviceKey: "d" }))
      yield* twice(registry.createDevice(productKey, { deviceKey: "e", deviceSecret: "given secret of e" }))
      const other = run(registry.createDevice(productKey, { deviceKey: "d" }), false, 2)
      assert.strictEqual((yield* Effect.flip(other))._tag, "DeviceKeyExists")
      assert.strictEqual(
        (yield* Effect.flip(registry.createDevice(productKey, { deviceKey: "d" })))._tag,
        "DeviceKeyExists"
      )
    }).pipe(Effect.provide(layerTestRegistry))
  )

  it.effect("gives one new secret, and keeps the former one's grace (trust F13)", () =>
    Effect.gen(function* () {
      const registry = yield* Registry
      const store = yield* RegistryStore
      const made = yield* registry.createProduct({ ...product, productKey: "pk" })
      yield* registry.createDevice("pk", { deviceKey: "d" })
      const rotated = yield* twice(registry.rotateProductSecret("pk", { graceSeconds: 60 }))
      assert.notStrictEqual(rotated.productSecret, made.productSecret)
      assert.isDefined((yield* registry.product("pk")).previousSecretUntil)
      yield* twice(registry.rotateSecret({ productKey: "pk", deviceKey: "d" }, undefined))
      const version = (yield* store.device({ productKey: "pk", deviceKey: "d" }))!.credentialVersion
      yield* run(registry.rotateSecret({ productKey: "pk", deviceKey: "d" }, undefined), true)
      assert.strictEqual((yield* store.device({ productKey: "pk", deviceKey: "d" }))!.credentialVersion, version)
    }).pipe(Effect.provide(layerTestRegistry))
  )

  it.effect("imports each line once, and tells its secret each time (trust F13)", () =>
    Effect.gen(function* () {
      const registry = yield* Registry
      yield* registry.createProduct({ ...product, productKey: "pk" })
      yield* registry.createDevice("pk", { deviceKey: "taken" })
      const lines = new TextEncoder().encode('{"deviceKey":"a"}\n{"deviceKey":"taken"}\n{"deviceKey":"b"}\n')
      const imported = Stream.runCollect(importDevices(registry, "pk", Stream.make(lines)))
      const results = yield* twice(imported)
      assert.deepStrictEqual(
        results.map((result) => result._tag),
        ["Imported", "Refused", "Imported", "Done"]
      )
      assert.lengthOf(yield* registry.devices("pk", { limit: 10 }), 3)
    }).pipe(Effect.provide(layerTestRegistry))
  )
})
