import { type CipherSuite, TLS_PSK_WITH_AES_128_CBC_SHA256, writeKeyBytes, writeSaltBytes } from "./CipherSuite.ts"
import type { Crypto } from "./Crypto.ts"
import { asciiBytes } from "./internal/bytes.ts"
import { Writer } from "./internal/Writer.ts"

export const masterSecretBytes = 48
export const verifyDataBytes = 12
export const randomBytesLength = 32

/** RFC 4279 §2: the premaster secret of plain PSK. */
export function pskPremasterSecret(psk: Uint8Array): Uint8Array {
  return new Writer().vector16(new Uint8Array(psk.length)).vector16(psk).finish()
}

/** RFC 5246 §8.1. */
export function classicMasterSecret(
  crypto: Crypto,
  premaster: Uint8Array,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array
): Uint8Array {
  return crypto.prf(premaster, masterSecretLabel, clientRandom, serverRandom, masterSecretBytes)
}

/** RFC 7627 §4. `sessionHash` covers the transcript up to and with ClientKeyExchange (§3). */
export function extendedMasterSecret(crypto: Crypto, premaster: Uint8Array, sessionHash: Uint8Array): Uint8Array {
  return crypto.prf(premaster, extendedMasterSecretLabel, sessionHash, undefined, masterSecretBytes)
}

/** The keys of both directions of a session. */
export interface KeyBlock {
  readonly clientKey: Uint8Array
  readonly clientSalt: Uint8Array
  readonly serverKey: Uint8Array
  readonly serverSalt: Uint8Array
}

/** RFC 5246 §6.3: MAC keys come first, then keys, then IVs; CBC has the first, CCM the last (RFC 6655 §3). */
export function deriveKeyBlock(
  crypto: Crypto,
  suite: CipherSuite,
  masterSecret: Uint8Array,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array
): KeyBlock {
  const saltBytes = writeSaltBytes(suite)
  const length = 2 * (writeKeyBytes + saltBytes)
  const block = crypto.prf(masterSecret, keyExpansionLabel, serverRandom, clientRandom, length)
  const saltsFirst = suite === TLS_PSK_WITH_AES_128_CBC_SHA256
  const keys = saltsFirst ? 2 * saltBytes : 0
  const salts = saltsFirst ? 0 : 2 * writeKeyBytes
  return {
    clientKey: block.subarray(keys, keys + writeKeyBytes),
    serverKey: block.subarray(keys + writeKeyBytes, keys + 2 * writeKeyBytes),
    clientSalt: block.subarray(salts, salts + saltBytes),
    serverSalt: block.subarray(salts + saltBytes, salts + 2 * saltBytes)
  }
}

/** RFC 5246 §7.4.9. `handshakeHash` is SHA-256 of the transcript before this Finished. */
export function verifyData(
  crypto: Crypto,
  by: "client" | "server",
  masterSecret: Uint8Array,
  handshakeHash: Uint8Array
): Uint8Array {
  const label = by === "client" ? clientFinishedLabel : serverFinishedLabel
  return crypto.prf(masterSecret, label, handshakeHash, undefined, verifyDataBytes)
}

const masterSecretLabel = asciiBytes("master secret")
const extendedMasterSecretLabel = asciiBytes("extended master secret")
const keyExpansionLabel = asciiBytes("key expansion")
const clientFinishedLabel = asciiBytes("client finished")
const serverFinishedLabel = asciiBytes("server finished")
