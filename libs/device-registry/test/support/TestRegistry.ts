import { sealingKeys } from "@roost/contracts"
import { Effect, Layer } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  Credentials,
  layerSqliteSql,
  layerSqlRegistryStore,
  LiveStatus,
  Registry,
  SecretVault,
  Vault
} from "../../src/index.ts"

export const clusterKey = new Uint8Array(32).fill(7)

export const layerVault = Layer.succeed(
  SecretVault,
  SecretVault.of(new Vault(sealingKeys(clusterKey), sealingKeys(clusterKey)))
)

/** A directory that goes with the scope. */
export const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "roost-registry-"))),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true }))
)

export const layerTemporaryStore = layerSqlRegistryStore.pipe(
  Layer.provide(
    Layer.unwrap(
      Effect.map(temporaryDirectory, (directory) => layerSqliteSql(join(directory, "data", "registry.sqlite")))
    )
  )
)

/** The registry on a store of its own, without NATS. */
export const layerTestRegistry = Layer.mergeAll(Registry.layer, Credentials.layer).pipe(
  Layer.provideMerge(Layer.mergeAll(layerTemporaryStore, layerVault)),
  Layer.provide(LiveStatus.layerNone)
)
