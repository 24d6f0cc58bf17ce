import { hkdfSync } from "node:crypto"
import { keysOf, type SealingKeys } from "./SealingKeys.ts"

/**
 * 16 hexadecimal digits by which two processes can see that they have the same key without showing it. `purpose`: "cluster" or
 * "routing".
 */
export const keyCheck = (key: Uint8Array, purpose: "cluster" | "routing"): string =>
  Buffer.from(hkdfSync("sha256", key, new Uint8Array(0), `roost key check ${purpose}`, 8)).toString("hex")

/** Of the current key, then of the previous one if there is one. */
export const keyChecks = (keys: SealingKeys, purpose: "cluster" | "routing"): KeyChecks => {
  const [current, ...former] = keysOf(keys).map(({ bytes }) => keyCheck(bytes, purpose))
  return [current!, ...former]
}

export type KeyChecks = readonly [current: string, ...former: ReadonlyArray<string>]
