import type { Crypto } from "../Crypto.ts"
import { additionalData, type RecordIdentity, writeEpochAndSequence } from "./AdditionalData.ts"
import type { DirectionKeys } from "./DirectionKeys.ts"

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
    nonceOf(keys, target, offset),
    additionalData(record, plaintext.length),
    plaintext,
    target,
    offset + explicitNonceBytes
  )
}

/**
 * The explicit part of the nonce is read, not guessed: it travels for that purpose (RFC 5246 §6.2.3.3). RFC 6655 §3 has a DTLS
 * sender take epoch ‖ sequence, yet wolfSSL, Erlang/OTP and pion send counters or random numbers of their own. Nothing depends
 * on it at a receiver: epoch and sequence are authenticated by the additional data, and the replay window goes by those.
 */
export function openCcm8(
  crypto: Crypto,
  keys: DirectionKeys,
  record: RecordIdentity,
  fragment: Uint8Array
): Uint8Array | undefined {
  const length = fragment.length - ccm8ExpansionBytes
  if (length < 0) return undefined
  const additional = additionalData(record, length)
  return crypto.ccm8Open(keys.key, nonceOf(keys, fragment, 0), additional, fragment.subarray(explicitNonceBytes))
}

const nonce = new Uint8Array(12)

/** Implicit part ‖ the explicit part that `bytes` has at `offset` (RFC 6655 §3); good until the next call. */
function nonceOf(keys: DirectionKeys, bytes: Uint8Array, offset: number): Uint8Array {
  for (let i = 0; i < 4; i++) nonce[i] = keys.salt[i]!
  for (let i = 0; i < explicitNonceBytes; i++) nonce[4 + i] = bytes[offset + i]!
  return nonce
}
