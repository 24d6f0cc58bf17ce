import { parseKey } from "@roost/contracts"
import { Config, Effect, Layer, Redacted, Schema, SchemaIssue } from "effect"
import { join } from "node:path"
import { RegistryStore } from "./RegistryStore.ts"
import { SecretVault, Vault } from "./SecretVault.ts"
import { layerSqliteRegistryStore } from "./sqlite/SqliteRegistryStore.ts"

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
    const message =
      `expected the key ${sealedUnder} that the secrets in ROOST_DATA_DIR were sealed under, ` +
      `this one is ${vault.keyId}`
    const issue = new SchemaIssue.Pointer(["ROOST_CLUSTER_KEY"], new SchemaIssue.InvalidValue({ message }, undefined))
    return yield* Effect.fail(new Config.ConfigError(new Schema.SchemaError(issue)))
  })
)

/** SQLite in ROOST_DATA_DIR. */
export const layerRegistryStore: Layer.Layer<RegistryStore, Config.ConfigError> = Layer.unwrap(
  Effect.map(Config.NonEmptyString("ROOST_DATA_DIR").pipe(Config.withDefault(".roost")), (directory) =>
    layerSqliteRegistryStore(join(directory, "registry.sqlite"))
  )
)
