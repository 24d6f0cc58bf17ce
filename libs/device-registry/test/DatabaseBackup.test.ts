import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import {
  type Database,
  layerSqliteSql,
  layerSqlRegistryStore,
  lineOfRow,
  openTables,
  RegistryStore,
  rowOfLine,
  type Tables,
  tablesOf
} from "../src/index.ts"
import { migrations } from "../src/sql/Migrations.ts"
import { layerStoreAt, newDatabase, postgresForFile } from "./support/Databases.ts"
import { temporaryDirectory } from "./support/TestRegistry.ts"

const server = postgresForFile()
const secret = { keyId: "k", bytes: Uint8Array.of(0, 1, 255) }
const id = { productKey: "pk1", deviceKey: "dev1" }

const seed = Effect.gen(function* () {
  const store = yield* RegistryStore
  yield* store.createProduct({
    productKey: "pk1",
    productName: "Zähler 'ü\"",
    dataFormat: "Json",
    dynamicActivateEnabled: true,
    downlink: "pipelined",
    createdAt: 1,
    secret
  })
  yield* store.createDevices([{ ...id, assetId: "a1", deviceName: "one", secret, createdAt: 2 ** 41 }])
  yield* recordEvent
})

const recordEvent = RegistryStore.use((store) =>
  store.addEvents([{ ...id, kind: "handshake-refused", at: Date.now(), address: "", reason: "wrong key" }], Date.now())
)

const opened = (database: Database, alone: boolean) =>
  Effect.acquireRelease(
    Effect.promise(() => openTables(database, alone)),
    (tables) => Effect.promise(() => tables[Symbol.asyncDispose]())
  )

/** Every row as a backup has it. */
const linesOf = async (tables: Tables) => {
  const lines: Record<string, ReadonlyArray<string>> = {}
  for (const table of tablesOf(tables.schema)) {
    const rows = await Array.fromAsync(tables.rows(table))
    lines[table] = rows.flat().map(lineOfRow)
  }
  return lines
}

const copy = (from: Database, to: Database) =>
  Effect.scoped(
    Effect.gen(function* () {
      const tables = yield* opened(from, false)
      const lines = yield* Effect.promise(() => linesOf(tables))
      const target = yield* opened(to, true)
      yield* Effect.promise(() =>
        target.fill(tables.schema, async function* (table) {
          if (lines[table]!.length > 0) yield lines[table]!.map(rowOfLine)
        })
      )
      return lines
    })
  )

describe("the tables of a backup", () => {
  it.live("go from SQLite to PostgreSQL and back as they are, and both go on from there", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const store = (file: string) => layerSqlRegistryStore.pipe(Layer.provide(layerSqliteSql(file)))
      const [first, second] = ["first", "second"].map((name) => join(directory, name, "registry.sqlite")) as [
        string,
        string
      ]
      const url = yield* Effect.promise(() => newDatabase(server()))
      const postgres = { url: Redacted.make(url) }
      yield* Effect.provide(seed, store(first))

      const lines = yield* copy({ file: first }, postgres)
      assert.lengthOf(lines["devices"]!, 1)
      assert.lengthOf(lines["device_events"]!, 1)
      yield* Effect.provide(recordEvent, Layer.fresh(layerStoreAt(url)))
      const more = yield* copy(postgres, { file: second })
      assert.lengthOf(more["device_events"]!, 2)
      assert.deepStrictEqual({ ...more, device_events: [] }, { ...lines, device_events: [] })
      const device = yield* Effect.provide(
        Effect.andThen(
          recordEvent,
          RegistryStore.use((store) => store.device(id))
        ),
        Layer.fresh(store(second))
      )
      assert.deepStrictEqual([...device!.secret.bytes], [0, 1, 255])
    })
  )

  it.live("are not taken from under a registry that has them open", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const file = join(directory, "registry.sqlite")
      const url = yield* Effect.promise(() => newDatabase(server()))
      yield* Layer.build(layerStoreAt(url))
      yield* Layer.build(layerSqliteSql(file))
      const refusal = (database: Database) =>
        Effect.promise(() =>
          openTables(database, true).then(
            () => "",
            (error: Error) => error.message
          )
        )
      assert.include(yield* refusal({ file }), `another registry has ${file} open`)
      assert.include(yield* refusal({ url: Redacted.make(url) }), "registries are connected to this database")
    })
  )

  it("are all that the schema has but what is made anew", () => {
    const db = new DatabaseSync(":memory:")
    const types = { bytes: "BLOB", int64: "INTEGER", key: "TEXT", serial: "INTEGER PRIMARY KEY AUTOINCREMENT" }
    for (const step of migrations) db.exec(step({ ...types, indexesLater: true }))
    const made = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()
    const names = made.map(({ name }) => String(name)).filter((name) => name !== "sqlite_sequence")
    const anew = [
      "credential_changes",
      "device_search",
      "device_uplinks",
      "profile_changes",
      "search_changes",
      "search_progress"
    ]
    assert.sameMembers(names, [...tablesOf(migrations.length), ...anew])
  })
})
