import type { Crypto } from "../Crypto.ts"
import { additionalData, type RecordIdentity, writeEpochAndSequence } from "./AdditionalData.ts"
import type { DirectionKeys } from "./Protection.ts"

const explicitNonceBytes = 8
const tagBytes = 8

/** Bytes that a record gains: explicit nonce and tag (RFC 6655 §3, §4). */
export const ccm8ExpansionBytes = explicitNonceBytes + tagBytes

/** Writes explicit nonce ‖ ciphertext ‖ tag at `offset`. */
export function sealCcm8(
  crypto: Crypto,
  keys: DirectionKeys,
  record: RecordIdentity,
  plaintext: Uint8Array,
  target: Uint8Array,
  offset: number
): void {
  // RFC 6655 §3: in DTLS the explicit part is epoch ‖ sequence, which never repeats under a key.
  writeEpochAndSequence(target, offset, record)
  crypto.ccm8Seal(
    keys.key,
    nonceOf(keys, record),
    additionalData(record, plaintext.length),
    plaintext,
    target,
    offset + explicitNonceBytes
  )
}

export function openCcm8(
  crypto: Crypto,
  keys: DirectionKeys,
  record: RecordIdentity,
  fragment: Uint8Array
): Uint8Array | undefined {
  const length = fragment.length - ccm8ExpansionBytes
  if (length < 0) return undefined
  const expected = nonceOf(keys, record)
  // A nonce that is not the sequence number could repeat; RFC 6655 §3 leaves a DTLS sender no other choice.
  for (let i = 0; i < explicitNonceBytes; i++) if (fragment[i] !== expected[4 + i]) return undefined
  return crypto.ccm8Open(keys.key, expected, additionalData(record, length), fragment.subarray(explicitNonceBytes))
}

const nonce = new Uint8Array(12)

function nonceOf(keys: DirectionKeys, record: RecordIdentity): Uint8Array {
  for (let i = 0; i < 4; i++) nonce[i] = keys.salt[i]!
  writeEpochAndSequence(nonce, 4, record)
  return nonce
}
