import type { Crypto } from "../Crypto.ts"
import { constantTimeEqual } from "../internal/bytes.ts"
import { additionalData, type RecordIdentity } from "./AdditionalData.ts"
import type { DirectionKeys } from "./DirectionKeys.ts"

const blockBytes = 16
const ivBytes = 16
const macBytes = 32

/** Length of IV ‖ ciphertext ‖ MAC for `length` bytes of plaintext; the MAC is inside the ciphertext or behind it. */
export function cbcFragmentBytes(length: number, encryptThenMac: boolean): number {
  return encryptThenMac ? ivBytes + paddedBytes(length) + macBytes : ivBytes + paddedBytes(length + macBytes)
}

/** RFC 5246 §6.2.3.2: MAC, then pad, then encrypt. Writes IV ‖ ciphertext at `offset`. */
export function sealMacThenEncrypt(
  crypto: Crypto,
  keys: DirectionKeys,
  record: RecordIdentity,
  plaintext: Uint8Array,
  target: Uint8Array,
  offset: number
): void {
  const mac = crypto.hmacSha256(keys.salt, additionalData(record, plaintext.length), plaintext)
  const padded = new Uint8Array(paddedBytes(plaintext.length + macBytes))
  padded.set(plaintext)
  padded.set(mac, plaintext.length)
  pad(padded, plaintext.length + macBytes)
  encrypt(crypto, keys, padded, target, offset)
}

/** RFC 7366 §3: pad, encrypt, then MAC over IV and ciphertext. Writes IV ‖ ciphertext ‖ MAC at `offset`. */
export function sealEncryptThenMac(
  crypto: Crypto,
  keys: DirectionKeys,
  record: RecordIdentity,
  plaintext: Uint8Array,
  target: Uint8Array,
  offset: number
): void {
  const padded = new Uint8Array(paddedBytes(plaintext.length))
  padded.set(plaintext)
  pad(padded, plaintext.length)
  encrypt(crypto, keys, padded, target, offset)
  const sealed = target.subarray(offset, offset + ivBytes + padded.length)
  target.set(crypto.hmacSha256(keys.salt, additionalData(record, sealed.length), sealed), offset + sealed.length)
}

/**
 * Undefined for any defect: wrong padding and wrong MAC must not be told apart (RFC 5246 §6.2.3.2, Lucky 13).
 * The padding is judged without a branch, and the MAC is computed in every case. A second hash makes up for the
 * compression rounds that a longer padding saves: the amount of hashing depends on the record's length alone.
 */
export function openMacThenEncrypt(
  crypto: Crypto,
  keys: DirectionKeys,
  record: RecordIdentity,
  fragment: Uint8Array
): Uint8Array | undefined {
  const ciphertextBytes = fragment.length - ivBytes
  if (ciphertextBytes < paddedBytes(macBytes) || ciphertextBytes % blockBytes !== 0) return undefined
  const padded = crypto.cbcDecrypt(keys.key, fragment.subarray(0, ivBytes), fragment.subarray(ivBytes))
  const contentBytesMax = padded.length - macBytes - 1
  const good = paddingIsGood(padded, contentBytesMax)
  const contentBytes = contentBytesMax - (padded[padded.length - 1]! & -good)
  const content = padded.subarray(0, contentBytes)
  const header = additionalData(record, contentBytes)
  const mac = crypto.hmacSha256(keys.salt, header, content)
  const roundsMissing = sha256Rounds(header.length + contentBytesMax) - sha256Rounds(header.length + contentBytes)
  crypto.sha256(balance.subarray(0, roundsMissing * sha256BlockBytes))
  const macIsGood = constantTimeEqual(mac, padded.subarray(contentBytes, contentBytes + macBytes)) ? 1 : 0
  return (good & macIsGood) === 1 ? content : undefined
}

/** The MAC is judged before anything is decrypted, so padding leaks nothing (RFC 7366 §3). */
export function openEncryptThenMac(
  crypto: Crypto,
  keys: DirectionKeys,
  record: RecordIdentity,
  fragment: Uint8Array
): Uint8Array | undefined {
  const sealedBytes = fragment.length - macBytes
  const ciphertextBytes = sealedBytes - ivBytes
  if (ciphertextBytes < blockBytes || ciphertextBytes % blockBytes !== 0) return undefined
  const sealed = fragment.subarray(0, sealedBytes)
  const mac = crypto.hmacSha256(keys.salt, additionalData(record, sealedBytes), sealed)
  if (!constantTimeEqual(mac, fragment.subarray(sealedBytes))) return undefined
  const padded = crypto.cbcDecrypt(keys.key, sealed.subarray(0, ivBytes), sealed.subarray(ivBytes))
  const contentBytesMax = padded.length - 1
  if (paddingIsGood(padded, contentBytesMax) === 0) return undefined
  return padded.subarray(0, contentBytesMax - padded[contentBytesMax]!)
}

function encrypt(crypto: Crypto, keys: DirectionKeys, padded: Uint8Array, target: Uint8Array, offset: number): void {
  // RFC 5246 §6.2.3.2: the IV of each record is unpredictable.
  const iv = crypto.randomBytes(ivBytes)
  target.set(iv, offset)
  crypto.cbcEncrypt(keys.key, iv, padded, target, offset + ivBytes)
}

/** Content plus padding plus the padding_length byte, to whole blocks. */
function paddedBytes(length: number): number {
  return length + blockBytes - (length % blockBytes)
}

function pad(padded: Uint8Array, from: number): void {
  padded.fill(padded.length - from - 1, from)
}

/** 1 if all padding bytes equal padding_length and leave room for the rest, else 0; without a secret-dependent branch. */
function paddingIsGood(padded: Uint8Array, contentBytesMax: number): number {
  const paddingLength = padded[padded.length - 1]!
  let bad = (contentBytesMax - paddingLength) >>> 31
  const reach = Math.min(256, padded.length)
  for (let i = 1; i <= reach; i++) {
    // All ones while byte i from the end belongs to the padding or is its length byte.
    const inside = (i - 2 - paddingLength) >> 31
    bad |= inside & (padded[padded.length - i]! ^ paddingLength)
  }
  return bad === 0 ? 1 : 0
}

const sha256BlockBytes = 64

/** Compression rounds of HMAC's inner hash: one key block, the message, 9 bytes of SHA-256 padding at least. */
function sha256Rounds(messageBytes: number): number {
  return Math.ceil((sha256BlockBytes + messageBytes + 9) / sha256BlockBytes)
}

/** 256 bytes of padding are at most five rounds. */
const balance = new Uint8Array(5 * sha256BlockBytes)
