import { createHash } from "node:crypto"

/** Bytes of the pre-shared key. */
export const pskBytes = 16

/** Bytes 9 to 24, counted from one, of SHA-256 of the secret (contract §3.5). */
export const pskFromSecret = (secret: string): Uint8Array =>
  new Uint8Array(
    createHash("sha256")
      .update(secret, "utf8")
      .digest()
      .subarray(8, 8 + pskBytes)
  )
