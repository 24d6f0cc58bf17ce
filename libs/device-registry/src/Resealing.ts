import { metrics } from "@roost/observability"
import { Effect, Layer, Schedule } from "effect"
import { type KeptSecret, RegistryStore } from "./RegistryStore.ts"
import { SecretVault, type Vault } from "./SecretVault.ts"

/** Secrets in one transaction, and the rest after it: handshakes look keys up meanwhile. */
export const resealBatchMax = 64
const restMillis = 20
/** After which a fault of the database is tried again. */
const retryMillis = 5_000

/**
 * Seals in the background what the previous key sealed. `roost_registry_secrets_under_previous_key` says how many are left; at 0 the
 * previous key can go.
 */
export const layerResealing = Layer.effectDiscard(
  Effect.gen(function* () {
    const store = yield* RegistryStore
    const vault = yield* SecretVault
    let left = 0
    yield* Effect.acquireRelease(
      Effect.sync(() => metrics.gaugeFrom(gauge, "Secrets that the registry's previous key sealed.", () => left)),
      (release) => Effect.sync(release)
    )
    const resealAll = Effect.gen(function* () {
      left = yield* store.countSecretsNotUnder(vault.keyId)
      if (left === 0) return
      yield* Effect.logInfo(`${left} secrets are sealed again, under the key ${vault.keyId}`)
      for (;;) {
        const found = yield* store.secretsNotUnder(vault.keyId, resealBatchMax)
        if (found.length === 0) break
        yield* store.resealSecrets(found.map((kept) => ({ kept, sealed: resealed(vault, kept) })))
        left = Math.max(0, left - found.length)
        yield* Effect.sleep(restMillis)
      }
      left = yield* store.countSecretsNotUnder(vault.keyId)
      yield* Effect.logInfo(`all secrets are sealed under the key ${vault.keyId}: the previous one can go`)
    })
    yield* resealAll.pipe(
      Effect.sandbox,
      Effect.tapError((cause) => Effect.logWarning("secrets are not sealed again yet", cause)),
      Effect.retry(Schedule.spaced(retryMillis)),
      Effect.forkScoped
    )
  })
)

const gauge = "roost_registry_secrets_under_previous_key"

const resealed = (vault: Vault, kept: KeptSecret) =>
  kept.of === "device"
    ? vault.sealDevice(kept, vault.openDevice(kept, kept.secret))
    : vault.sealProduct(kept.productKey, vault.openProduct(kept.productKey, kept.secret))
