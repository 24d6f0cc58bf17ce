import {
  type CipherSuite,
  TLS_PSK_WITH_AES_128_CBC_SHA256,
  TLS_PSK_WITH_AES_128_CCM_8,
  writeKeyBytes,
  writeSaltBytes
} from "./CipherSuite.ts"
import { type KeyBlock, masterSecretBytes } from "./KeySchedule.ts"
import type { DirectionKeys } from "./record/DirectionKeys.ts"

/*
 * Keys, secrets and ids of a session in one string of bytes, since an array for each takes 200 bytes for its bookkeeping:
 *
 *   read key ‖ write key ‖ read salt ‖ write salt ‖ master secret ‖ session id ‖ read CID ‖ write CID
 */

/** All of it as bytes; good until the next call. */
export function secretsOf(
  isServer: boolean,
  keys: KeyBlock,
  masterSecret: Uint8Array,
  sessionId: Uint8Array,
  readCid: Uint8Array,
  writeCid: Uint8Array
): Uint8Array {
  const { bytes, keysAt, saltBytes, saltsAt } = keys
  let at = 0
  const put = (from: Uint8Array, start: number, length: number): void => {
    for (let i = 0; i < length; i++) secretsScratch[at + i] = from[start + i]!
    at += length
  }
  // The client's are first in the block, and a server reads with those.
  const [read, write] = isServer ? [0, 1] : [1, 0]
  put(bytes, keysAt + read * writeKeyBytes, writeKeyBytes)
  put(bytes, keysAt + write * writeKeyBytes, writeKeyBytes)
  put(bytes, saltsAt + read * saltBytes, saltBytes)
  put(bytes, saltsAt + write * saltBytes, saltBytes)
  for (const part of [masterSecret, sessionId, readCid, writeCid]) put(part, 0, part.length)
  return secretsScratch.subarray(0, at)
}

/** Room for keys and salts of CBC, master secret, session id and two connection ids of the greatest length. */
const secretsScratch = new Uint8Array(2 * (16 + 32) + masterSecretBytes + 32 + 2 * 255)

/** Where the master secret begins. */
export function masterSecretAt(suite: CipherSuite): number {
  return 2 * (writeKeyBytes + writeSaltBytes(suite))
}

/** Where the session id begins, and the connection ids behind it. */
export function idsAt(suite: CipherSuite): number {
  return masterSecretAt(suite) + masterSecretBytes
}

/** Good until the keys of a direction of any session are asked for again: see `DirectionKeys`. */
export function directionKeys(
  secrets: string,
  suite: CipherSuite,
  encryptThenMac: boolean,
  direction: "read" | "write"
): DirectionKeys {
  const saltBytes = writeSaltBytes(suite)
  const keys = saltBytes === ccmKeys.salt.length ? ccmKeys : cbcKeys
  const { key, salt } = keys
  const keyAt = direction === "read" ? 0 : writeKeyBytes
  const saltAt = direction === "read" ? 2 * writeKeyBytes : 2 * writeKeyBytes + saltBytes
  for (let i = 0; i < key.length; i++) key[i] = secrets.charCodeAt(keyAt + i)
  for (let i = 0; i < salt.length; i++) salt[i] = secrets.charCodeAt(saltAt + i)
  keys.encryptThenMac = encryptThenMac
  return keys
}

/**
 * One record's work is done before the next record's begins, so the keys of all sessions take turns here. Two views of
 * `secrets` per record and direction cost more than the 20 bytes that they show.
 */
const keysOf = (suite: CipherSuite) => ({
  suite,
  encryptThenMac: false,
  key: new Uint8Array(writeKeyBytes),
  salt: new Uint8Array(writeSaltBytes(suite))
})
const ccmKeys = keysOf(TLS_PSK_WITH_AES_128_CCM_8)
const cbcKeys = keysOf(TLS_PSK_WITH_AES_128_CBC_SHA256)

/** `leadingBits` of an id of `length` bytes at `at`; 0 if there is none. */
export function leadingBitsOf(secrets: string, at: number, length: number): number {
  if (length === 0) return 0
  for (let i = 0; i < leadingBytes; i++) bitsScratch[i] = i < length ? secrets.charCodeAt(at + i) : 0
  return leadingBits(bitsScratch, 0)
}

const leadingBytes = 7
const bitsScratch = new Uint8Array(leadingBytes)

/**
 * 52 bits of a random id as a key of tables: a number hashes without allocating and is 30 bytes less than a string. A caller that finds
 * something by them compares the rest.
 */
export function leadingBits(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  return high * 0x10_0000 + ((bytes[at + 4]! << 12) | (bytes[at + 5]! << 4) | (bytes[at + 6]! >> 4))
}
