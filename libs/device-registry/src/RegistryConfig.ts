import { ClusterKeys, RegistryKeys, Setting } from "@roost/contracts"
import { Config, Effect, Layer, Option, Schema } from "effect"
import { accessSync, constants, mkdirSync } from "node:fs"
import { join } from "node:path"
import { RegistryStore } from "./RegistryStore.ts"
import { SecretVault, Vault } from "./SecretVault.ts"
import type { Database } from "./sql/DatabaseBackup.ts"
import { layerPostgresSql } from "./sql/PostgresSql.ts"
import { tlsFault } from "./sql/PostgresTls.ts"
import type { Sql } from "./sql/Sql.ts"
import { layerSqliteSql } from "./sql/SqliteSql.ts"
import { layerSqlRegistryStore } from "./sql/SqlRegistryStore.ts"

/** A vault under the registry's and the cluster's keys, if it opens what the store holds. */
export const layerSecretVault: Layer.Layer<SecretVault, Config.ConfigError, RegistryStore> = Layer.effect(
  SecretVault,
  Effect.gen(function* () {
    const vault = new Vault(yield* RegistryKeys, yield* ClusterKeys)
    const store = yield* RegistryStore
    const foreign = (yield* store.secretKeyIds).filter((keyId) => !vault.has(keyId))
    if (foreign.length === 0) return vault
    // Told at the start: every handshake would fail later.
    const message =
      `expected the key ${foreign.join(", ")} that stored secrets were sealed under (as ROOST_REGISTRY_KEY_PREVIOUS it opens them ` +
      `until they are sealed again), this one is ${vault.keyId}`
    const named = Option.isSome(yield* Config.option(Config.String("ROOST_REGISTRY_KEY")))
    return yield* Effect.fail(Setting.fault(named ? "ROOST_REGISTRY_KEY" : "ROOST_CLUSTER_KEY", message))
  })
)

const expectedUrl =
  "expected postgres://user:password@host/database, with what is special in the password percent-encoded"
const DatabaseUrl = Setting.optional(
  "DATABASE_URL",
  "PostgreSQL 13 or newer: postgres://user:password@host/database",
  (name) =>
    Config.schema(
      Schema.Redacted(
        Schema.String.check(
          Schema.makeFilter((url) =>
            /^postgres(ql)?:\/\//.test(url) && URL.canParse(url) ? tlsFault(url) : expectedUrl
          )
        )
      ),
      name
    ),
  // It has the password.
  { secret: true, otherwise: "SQLite", shown: Setting.withoutLogin }
)

const DataDirectory = Setting.withDefault(
  "ROOST_DATA_DIR",
  "folder of the SQLite file, without DATABASE_URL",
  Config.NonEmptyString,
  ".roost"
)

/** Where the registry keeps what it is told. */
export const DatabaseSetting = Setting.check(
  Setting.all({ url: DatabaseUrl, directory: DataDirectory }),
  ({ directory, url }): Effect.Effect<Database, Config.ConfigError> => {
    if (url !== undefined) return Effect.succeed({ url })
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 })
      accessSync(directory, constants.W_OK | constants.X_OK)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      return Effect.fail(Setting.fault("ROOST_DATA_DIR", `expected a folder that can be written in; ${why}`))
    }
    return Effect.succeed({ file: join(directory, "registry.sqlite") })
  }
)

/** PostgreSQL at DATABASE_URL, or SQLite in ROOST_DATA_DIR. */
export const layerSql: Layer.Layer<Sql, Config.ConfigError> = Layer.unwrap(
  Effect.map(DatabaseSetting, (database) =>
    "url" in database ? layerPostgresSql(database.url) : layerSqliteSql(database.file)
  )
)

export const layerRegistryStore: Layer.Layer<RegistryStore, Config.ConfigError> = layerSqlRegistryStore.pipe(
  Layer.provide(layerSql)
)
