import { Context, Effect, Layer } from "effect"
import { type DeviceOperations, deviceOperations } from "./DeviceOperations.ts"
import { LiveStatus } from "./LiveStatus.ts"
import { type ProductOperations, productOperations } from "./ProductOperations.ts"
import { RegistryStore } from "./RegistryStore.ts"
import { SecretLengthMin } from "./SecretLength.ts"
import { SecretVault } from "./SecretVault.ts"

/** Products and devices, for those who provision and operate them. */
export class Registry extends Context.Service<Registry, ProductOperations & DeviceOperations>()(
  "@roost/device-registry/Registry"
) {
  static readonly layer: Layer.Layer<Registry, never, RegistryStore | SecretVault | LiveStatus> = Layer.effect(
    Registry,
    Effect.gen(function* () {
      const parts = {
        store: yield* RegistryStore,
        vault: yield* SecretVault,
        live: yield* LiveStatus,
        lengthMin: yield* SecretLengthMin
      }
      return Registry.of({ ...productOperations(parts), ...deviceOperations(parts) })
    })
  )
}
