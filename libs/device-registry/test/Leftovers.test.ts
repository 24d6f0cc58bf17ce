import { assert, describe, it } from "@effect/vitest"
import { Buckets, Streams } from "@roost/contracts"
import { Effect, Layer, Logger, Redacted } from "effect"
import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import {
  Credentials,
  layerPostgresSql,
  layerProductDeletions,
  layerSqliteSql,
  layerSqlRegistryStore,
  LiveStatus,
  ProductRemains,
  Registry,
  RegistryStore,
  Sql
} from "../src/index.ts"
import { newDatabase, postgresForFile } from "./support/Databases.ts"
import { presence as seededPresence } from "./support/SeededStore.ts"
import { layerVault, temporaryDirectory } from "./support/TestRegistry.ts"

const server = postgresForFile()
const id = { productKey: "pk1", deviceKey: "d" }
const settings = { productName: "P", productKey: "pk1", dataFormat: "Custom", downlink: "pipelined" } as const
const activating = { ...settings, dynamicActivateEnabled: true }

const databases = [
  {
    database: "SQLite",
    tables: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name",
    columns: "SELECT name FROM pragma_table_info(?1)",
    layerSql: Layer.unwrap(
      Effect.map(temporaryDirectory, (directory) => layerSqliteSql(join(directory, "data", "registry.sqlite")))
    )
  },
  {
    database: "PostgreSQL",
    tables: "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
    columns: "SELECT column_name AS name FROM information_schema.columns WHERE table_name = ?1",
    layerSql: Layer.unwrap(Effect.promise(async () => layerPostgresSql(Redacted.make(await newDatabase(server())))))
  }
]

describe.each(databases)("what is left in $database", ({ columns, layerSql, tables }) => {
  const layers = Layer.mergeAll(
    Registry.layer,
    Credentials.layer,
    layerProductDeletions.pipe(Layer.provide(ProductRemains.layerNone))
  ).pipe(
    Layer.provideMerge(layerSqlRegistryStore),
    Layer.provideMerge(Layer.merge(layerSql, layerVault)),
    Layer.provide(LiveStatus.layerNone),
    Layer.provideMerge(Logger.layer([]))
  )

  /** Tables that have something of the product, or of the device if one is named. */
  const left = Effect.fnUntraced(function* (deviceKey?: string) {
    const sql = yield* Sql
    const found: Array<string> = []
    for (const { name } of yield* sql.all(tables)) {
      const named = new Set((yield* sql.all(columns, String(name))).map((column) => column["name"]))
      // The index of the search follows a moment later, and is asked for devices that there are.
      if (name === "device_search") continue
      if (!named.has("product_key") || (deviceKey !== undefined && !named.has("device_key"))) continue
      const ofDevice = deviceKey === undefined ? "" : " AND device_key = ?2"
      const values = deviceKey === undefined ? [id.productKey] : [id.productKey, deviceKey]
      const row = yield* sql.get(
        `SELECT COUNT(*) AS n FROM ${String(name)} WHERE product_key = ?1${ofDevice}`,
        ...values
      )
      if (Number(row?.["n"]) > 0) found.push(String(name))
    }
    return found
  })

  const presence = (credentialVersion: number, at: number) =>
    seededPresence({ ...id, at, lastSeenAt: at, credentialVersion })
  const event = (deviceKey: string, at: number) =>
    ({ productKey: "pk1", deviceKey, kind: "time-odd", at, address: "", reason: "…" }) as const

  /** A product with all that there can be of it; times are the registry's own. */
  const seed = Effect.gen(function* () {
    const registry = yield* Registry
    const store = yield* RegistryStore
    const credentials = yield* Credentials
    const { createdAt } = yield* registry.createProduct(activating)
    yield* store.saveScriptDraft(id.productKey, "source")
    yield* store.noteScriptTested(id.productKey, "source")
    yield* store.publishScript(id.productKey, undefined, 1)
    yield* registry.createDevice(id.productKey, { deviceKey: "d" })
    const credentialVersion = (yield* store.product(id.productKey))!.secretVersion
    const activated = yield* credentials.activate({ ...id, requestId: "r", credentialVersion })
    assert.strictEqual(activated._tag, "Issued")
    yield* registry.changeProperties(id, "tag", { site: "A1" })
    yield* store.applyPoints([{ ...id, uplinks: [], points: new Map([["temp", { value: 1, time: 1, order: 1 }]]) }], {
      copies: true
    })
    yield* store.addEvents([event("d", createdAt + 1), event("", createdAt + 1)], createdAt)
    return { registry, store }
  })
  const told = RegistryStore.use((store) =>
    Effect.gen(function* () {
      yield* store.forgetChanges((yield* store.untoldChanges(100)).map(({ id }) => id))
      for (const { id } of yield* store.untoldProfiles(100)) yield* store.forgetProfile(id)
    })
  )

  it.live("of a device are its events, and another of its key is not shown them", () =>
    Effect.gen(function* () {
      const { registry, store } = yield* seed
      const all = ["activation_attempts", "device_events", "device_points", "device_properties", "devices"]
      assert.deepStrictEqual(yield* left("d"), all)
      const former = (yield* registry.device(id)).createdAt
      yield* registry.deleteDevice(id)
      assert.deepStrictEqual(yield* left("d"), ["device_events"])
      assert.isNotEmpty(yield* registry.events(id, { limit: 10 }))

      yield* Effect.sleep(5)
      yield* registry.createDevice(id.productKey, { deviceKey: "d" })
      const { createdAt } = yield* registry.device(id)
      assert.deepStrictEqual(yield* registry.events(id, { limit: 10 }), [])
      // Comes late of the former one.
      yield* store.filePresence([presence(former, createdAt - 1)], [event("d", createdAt - 1)], createdAt)
      assert.deepStrictEqual(yield* registry.events(id, { limit: 10 }), [])
      assert.strictEqual((yield* registry.device(id)).status, "inactive")
      yield* store.filePresence([presence(createdAt, createdAt + 9)], [event("d", createdAt + 9)], createdAt)
      assert.lengthOf(yield* registry.events(id, { limit: 10, from: 1 }), 1)
      assert.strictEqual((yield* registry.device(id)).status, "online")
    }).pipe(Effect.provide(layers))
  )

  it.live(
    "of a product is nothing, once the actors are told, and another of its key is shown nothing that comes late",
    () =>
      Effect.gen(function* () {
        const { registry, store } = yield* seed
        const deleted = yield* registry.deleteProduct(id.productKey, true)
        if (deleted !== "Deleted") {
          yield* store
            .anyProduct(id.productKey)
            .pipe(Effect.delay("10 millis"), Effect.repeat({ until: (found) => found === undefined }))
        }
        yield* told
        assert.deepStrictEqual(yield* left(), [])
        yield* Effect.sleep(5)
        const { createdAt } = yield* registry.createProduct(activating)
        yield* store.addEvents([event("d", createdAt - 1), event("", createdAt - 1)], createdAt)
        assert.deepStrictEqual(yield* registry.productEvents(id.productKey, { limit: 10 }), [])
        assert.strictEqual((yield* Effect.flip(registry.events(id, { limit: 10 })))._tag, "NoSuchDevice")
      }).pipe(Effect.provide(layers))
  )

  it.live("is told of every table, stream and bucket in docs/operations.md", () =>
    Effect.gen(function* () {
      const page = readFileSync(resolve(import.meta.dirname, "../../../docs/operations.md"), "utf8")
      const section = page.split("## What a deletion leaves")[1]?.split("\n## ")[0] ?? ""
      const sql = yield* Sql
      const kept = (yield* sql.all(tables)).map(({ name }) => String(name)).filter((name) => name !== "roost_schema")
      kept.push(
        ...Object.values(Streams).map(({ name }) => name),
        ...Object.values(Buckets).map(({ name }) => `KV ${name}`)
      )
      const named = (name: string) =>
        section.includes(name.startsWith("KV ") ? `KV \`${name.slice(3)}\`` : `\`${name}\``)
      assert.deepStrictEqual(
        kept.filter((name) => !named(name)),
        []
      )
    }).pipe(Effect.provide(layerSql))
  )
})
