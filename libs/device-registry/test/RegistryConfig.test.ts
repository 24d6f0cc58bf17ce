import { assert, describe, it } from "@effect/vitest"
import { configuredBy, faultsOf } from "@roost/observability"
import { postgresServer, waitUntil } from "@roost/testkit"
import { ConfigProvider, Effect, Exit, Layer } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import {
  layerRegistryStore,
  layerResealing,
  layerSecretVault,
  LiveStatus,
  Registry,
  RegistryStore,
  SecretVault
} from "../src/index.ts"
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
      const [fault] = faultsOf(exit.cause, [], configuredBy({ ROOST_CLUSTER_KEY: "set" }))
      assert.match(fault?.text ?? "", /^ROOST_CLUSTER_KEY: expected the key [0-9a-f]{8} .* this one is [0-9a-f]{8}$/)
    })
  )
})

const underKeys = (ROOST_DATA_DIR: string, keys: Readonly<Record<string, string>>) =>
  Layer.merge(Registry.layer, layerResealing).pipe(
    Layer.provideMerge(layerSecretVault.pipe(Layer.provideMerge(layerRegistryStore))),
    Layer.provide(LiveStatus.layerNone),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ ROOST_DATA_DIR, ...keys }))),
    Layer.fresh
  )

/** Waits until no secret is left under another key than the current one. */
const resealed = Effect.gen(function* () {
  const store = yield* RegistryStore
  const { keyId } = yield* SecretVault
  yield* waitUntil(Effect.map(store.secretKeyIds, (ids) => ids.every((each) => each === keyId)))
})

const readAll = Effect.gen(function* () {
  const registry = yield* Registry
  const { productSecret } = yield* registry.product("pk1")
  const store = yield* RegistryStore
  const vault = yield* SecretVault
  return [productSecret, vault.openDevice(id, (yield* store.device(id))!.secret)]
})

describe("keys", () => {
  it.live("are replaced: the previous one opens, all is sealed again, then it can go (trust D2)", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const secrets = ["second-in-the-clear", "rotated-in-the-clear"]
      yield* Effect.provide(provision, registry(directory, key("a")))
      yield* Effect.provide(
        Registry.use((one) => one.rotateProductSecret("pk1", { productSecret: secrets[0]!, graceSeconds: 60 })),
        registry(directory, key("a"))
      )
      const both = underKeys(directory, { ROOST_CLUSTER_KEY: key("b"), ROOST_CLUSTER_KEY_PREVIOUS: key("a") })
      assert.deepStrictEqual(
        yield* Effect.provide(
          Effect.andThen(
            readAll,
            Effect.tap(readAll, () => resealed)
          ),
          both
        ),
        secrets
      )
      assert.deepStrictEqual(
        yield* Effect.provide(readAll, underKeys(directory, { ROOST_CLUSTER_KEY: key("b") })),
        secrets
      )
    })
  )

  it.live("of the registry's own take over from the cluster's, which session-actors have (trust D2)", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* Effect.provide(provision, registry(directory, key("a")))
      const cluster = { ROOST_CLUSTER_KEY: key("a") }
      const taking = { ...cluster, ROOST_REGISTRY_KEY: key("c"), ROOST_REGISTRY_KEY_PREVIOUS: key("a") }
      yield* Effect.provide(resealed, underKeys(directory, taking))
      const own = underKeys(directory, { ...cluster, ROOST_REGISTRY_KEY: key("c") })
      assert.deepStrictEqual(yield* Effect.provide(readAll, own), ["product-in-the-clear", "rotated-in-the-clear"])
      const exit = yield* Effect.exit(Effect.provide(readAll, underKeys(directory, cluster)))
      assert.isTrue(Exit.isFailure(exit))
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
      const lines = JSON.stringify(faultsOf(exit.cause, [], configuredBy({ DATABASE_URL })))
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
