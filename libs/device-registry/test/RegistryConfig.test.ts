import { assert, describe, it } from "@effect/vitest"
import { configErrorLines } from "@roost/observability"
import { postgresServer } from "@roost/testkit"
import { ConfigProvider, Effect, Exit, Layer } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { layerRegistryStore, layerSecretVault, LiveStatus, Registry, RegistryStore } from "../src/index.ts"
import { temporaryDirectory } from "./support/TestRegistry.ts"

const registry = (ROOST_DATA_DIR: string, ROOST_CLUSTER_KEY?: string) =>
  Registry.layer.pipe(
    Layer.provide([layerSecretVault.pipe(Layer.provideMerge(layerRegistryStore)), LiveStatus.layerNone]),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ ROOST_DATA_DIR, ROOST_CLUSTER_KEY }))),
    Layer.fresh
  )

const key = (digit: string) => digit.repeat(64)
const id = { productKey: "pk1", deviceKey: "dev1" }

const provision = Registry.use(
  Effect.fnUntraced(function* (registry) {
    yield* registry.createProduct({
      productKey: "pk1",
      productName: "Meters",
      productSecret: "product-in-the-clear",
      dataFormat: "Json",
      dynamicActivateEnabled: true,
      downlink: "pipelined"
    })
    yield* registry.createDevice("pk1", { deviceKey: "dev1", deviceSecret: "device-in-the-clear" })
    yield* registry.rotateSecret(id, "rotated-in-the-clear")
  })
)

describe("secrets at rest", () => {
  it.effect("are nowhere in the files", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* Effect.provide(provision, registry(directory, key("a")))
      const files = readdirSync(directory).map((name) => readFileSync(join(directory, name), "latin1"))
      assert.isTrue(files.some((content) => content.includes("dev1")))
      assert.isFalse(files.some((content) => content.includes("in-the-clear")))
    })
  )

  it.effect("open with the same cluster key, and another one is refused at the start", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* Effect.provide(provision, registry(directory, key("a")))
      const read = Registry.use((registry) => registry.product("pk1"))
      const { productSecret } = yield* Effect.provide(read, registry(directory, key("A")))
      assert.strictEqual(productSecret, "product-in-the-clear")
      const exit = yield* Effect.exit(Effect.provide(read, registry(directory, key("b"))))
      assert(Exit.isFailure(exit))
      const [line] = configErrorLines(exit.cause, { ROOST_CLUSTER_KEY: "set" })
      assert.match(line ?? "", /^ROOST_CLUSTER_KEY: expected the key [0-9a-f]{8} .* this one is [0-9a-f]{8}$/)
    })
  )
})

describe("ROOST_CLUSTER_KEY", () => {
  for (const [name, value] of [
    ["nothing", undefined],
    ["63 digits", "a".repeat(63)],
    ["other letters", "g".repeat(64)]
  ] as const) {
    it.effect(`refuses ${name} without telling it`, () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(Effect.provide(Registry, registry(yield* temporaryDirectory, value)))
        assert.include(String(exit), "ConfigError")
        if (value !== undefined) assert.notInclude(String(exit), value)
      })
    )
  }
})

describe("DATABASE_URL", () => {
  it.effect("refuses what names no PostgreSQL, and tells no password", () =>
    Effect.gen(function* () {
      const DATABASE_URL = "mysql://roost:passw0rd@127.0.0.1/roost"
      const provider = ConfigProvider.layer(ConfigProvider.fromUnknown({ DATABASE_URL }))
      const exit = yield* Effect.exit(Effect.provide(RegistryStore, Layer.provide(layerRegistryStore, provider)))
      assert(Exit.isFailure(exit))
      const lines = configErrorLines(exit.cause, { DATABASE_URL: "set" }).join()
      assert.include(lines, "DATABASE_URL: expected postgres://")
      assert.notInclude(String(exit) + lines, "passw0rd")
    })
  )

  it.live("is the database, and nothing is written to ROOST_DATA_DIR", () =>
    Effect.gen(function* () {
      const { url } = yield* postgresServer()
      const directory = yield* temporaryDirectory
      const provider = ConfigProvider.layer(
        ConfigProvider.fromUnknown({ DATABASE_URL: url, ROOST_DATA_DIR: directory })
      )
      const read = RegistryStore.use((store) => store.products(undefined, 1))
      assert.deepStrictEqual(yield* Effect.provide(read, Layer.provide(layerRegistryStore, provider)), [])
      assert.deepStrictEqual(readdirSync(directory), [])
    })
  )
})
