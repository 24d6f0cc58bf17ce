import { ClusterKeys, RegistryKeys } from "@roost/contracts"
import { Config, Effect, Layer, Option, Schema, SchemaIssue } from "effect"
import { join } from "node:path"
import { RegistryStore } from "./RegistryStore.ts"
import { SecretVault, Vault } from "./SecretVault.ts"
import { layerPostgresSql } from "./sql/PostgresSql.ts"
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
    const path = [named ? "ROOST_REGISTRY_KEY" : "ROOST_CLUSTER_KEY"]
    const issue = new SchemaIssue.Pointer(path, new SchemaIssue.InvalidValue({ message }, undefined))
    return yield* Effect.fail(new Config.ConfigError(new Schema.SchemaError(issue)))
  })
)

/** Redacted: it has the password. */
const DatabaseUrl = Config.schema(
  Schema.Redacted(
    Schema.String.check(
      Schema.isPattern(/^postgres(ql)?:\/\//, { message: "expected postgres://user:password@host/database" })
    )
  ),
  "DATABASE_URL"
)

/** PostgreSQL at DATABASE_URL, or SQLite in ROOST_DATA_DIR. */
export const layerSql: Layer.Layer<Sql, Config.ConfigError> = Layer.unwrap(
  Effect.gen(function* () {
    const url = yield* Config.option(DatabaseUrl)
    if (Option.isSome(url)) return layerPostgresSql(url.value)
    const directory = yield* Config.NonEmptyString("ROOST_DATA_DIR").pipe(Config.withDefault(".roost"))
    return layerSqliteSql(join(directory, "registry.sqlite"))
  })
)

export const layerRegistryStore: Layer.Layer<RegistryStore, Config.ConfigError> = layerSqlRegistryStore.pipe(
  Layer.provide(layerSql)
)
