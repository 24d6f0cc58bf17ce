import { parseKey } from "@roost/contracts"
import { Config, Effect, Layer, Option, Redacted, Schema, SchemaIssue } from "effect"
import { join } from "node:path"
import { RegistryStore } from "./RegistryStore.ts"
import { SecretVault, Vault } from "./SecretVault.ts"
import { layerPostgresSql } from "./sql/PostgresSql.ts"
import type { Sql } from "./sql/Sql.ts"
import { layerSqliteSql } from "./sql/SqliteSql.ts"
import { layerSqlRegistryStore } from "./sql/SqlRegistryStore.ts"

/** The key that secrets are sealed under, at rest and on the bus. */
export const ClusterKey = Config.schema(
  Schema.Redacted(
    Schema.String.check(Schema.isPattern(/^[0-9a-fA-F]{64}$/, { message: "expected 64 hexadecimal digits" }))
  ),
  "ROOST_CLUSTER_KEY"
)

/** A vault under ROOST_CLUSTER_KEY, if what the store holds was sealed under the same. */
export const layerSecretVault: Layer.Layer<SecretVault, Config.ConfigError, RegistryStore> = Layer.effect(
  SecretVault,
  Effect.gen(function* () {
    const vault = new Vault(parseKey(Redacted.value(yield* ClusterKey))!)
    const store = yield* RegistryStore
    const [product] = yield* store.products(undefined, 1)
    const sealedUnder = product?.secret.keyId ?? vault.keyId
    if (sealedUnder === vault.keyId) return vault
    // Told at the start: every handshake would fail later, and new secrets would mix with the old ones.
    const message = `expected the key ${sealedUnder} that the stored secrets were sealed under, this one is ${vault.keyId}`
    const issue = new SchemaIssue.Pointer(["ROOST_CLUSTER_KEY"], new SchemaIssue.InvalidValue({ message }, undefined))
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
