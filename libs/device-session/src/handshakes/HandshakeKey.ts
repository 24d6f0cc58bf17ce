import type { Told } from "@roost/explain"
import { type CachedPsk, deviceFacts } from "../state/DeviceFacts.ts"
import type { PskOutcome } from "../state/Outcomes.ts"

/** The key that a handshake is to verify under, as its device is known by it then, and what the registry said with it. */
export type GrantedKey = CachedPsk | ProductKey

/** The secret is the product's (SecureMode 3). */
interface ProductKey extends CachedPsk {
  /** Of the product's former secret, while that is still good. */
  readonly previousVersion: number | undefined
  /** The version of the device's own secret; 0 if it has none. */
  readonly deviceCredentialVersion: number
}

/** There is none: the handshake goes on under one that nobody has. */
export interface RefusedKey {
  /** For operators. */
  readonly refusal: Told
}

export const isRefused = (key: GrantedKey | RefusedKey): key is RefusedKey => "refusal" in key

/** The versions that only a product's key has. */
export const versionsOf = (key: GrantedKey): Pick<ProductKey, "previousVersion" | "deviceCredentialVersion"> =>
  "previousVersion" in key ? key : noVersions

const noVersions = { previousVersion: undefined, deviceCredentialVersion: 0 }

/** The key as the registry gave it. `productVersion`, `day`: as `CachedPsk` has them. */
export const grantedKey = (
  outcome: PskOutcome & { readonly _tag: "Found" },
  productVersion: number,
  day: number
): GrantedKey => {
  const { assetId, closeNotify, credentialVersion, dataFormat, deviceCredentialVersion, downlink } = outcome
  const { piggybackMillis, previous, psk, secretTooShort = false } = outcome
  const facts = deviceFacts({ assetId, credentialVersion, dataFormat, downlink }, piggybackMillis, closeNotify)
  const key = { psk: psk.toHex(), facts, productVersion, day, secretTooShort }
  if (previous === undefined && deviceCredentialVersion === undefined) return key
  const previousVersion = previous?.credentialVersion
  return { ...key, previousVersion, deviceCredentialVersion: deviceCredentialVersion ?? 0 }
}
