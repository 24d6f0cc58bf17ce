import type { Context } from "effect"
import type { LiveStatus } from "./LiveStatus.ts"
import type { RegistryStore } from "./RegistryStore.ts"
import type { SecretVault } from "./SecretVault.ts"

/** The parts that the operations stand on. */
export interface RegistryParts {
  readonly store: Context.Service.Shape<typeof RegistryStore>
  readonly vault: Context.Service.Shape<typeof SecretVault>
  readonly live: Context.Service.Shape<typeof LiveStatus>
  /** Of secrets that somebody gives, in characters. */
  readonly lengthMin: number
}
