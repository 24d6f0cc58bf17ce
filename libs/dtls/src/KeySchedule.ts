import { type CipherSuite, TLS_PSK_WITH_AES_128_CBC_SHA256, writeKeyBytes, writeSaltBytes } from "./CipherSuite.ts"
import type { Crypto } from "./Crypto.ts"
import { allocate } from "./internal/allocate.ts"
import { asciiBytes } from "./internal/bytes.ts"

export const masterSecretBytes = 48
export const verifyDataBytes = 12
export const randomBytesLength = 32

/** RFC 4279 §2: the premaster secret of plain PSK. */
export function pskPremasterSecret(psk: Uint8Array): Uint8Array {
  const { length } = psk
  const premaster = allocate(4 + 2 * length)
  const second = 2 + length
  premaster[0] = premaster[second] = length >>> 8
  premaster[1] = premaster[second + 1] = length
  premaster.set(psk, second + 2)
  return premaster
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

/**
 * The keys of both directions of a session. RFC 5246 §6.3: MAC keys come first, then keys, then IVs; CBC has the first, CCM
 * the last (RFC 6655 §3).
 */
export class KeyBlock {
  readonly bytes: Uint8Array
  /** Where the client's key is; the server's is behind it. */
  readonly keysAt: number
  /** Where the client's salt is; the server's is behind it. */
  readonly saltsAt: number
  readonly saltBytes: number

  constructor(suite: CipherSuite, bytes: Uint8Array) {
    const saltsFirst = suite === TLS_PSK_WITH_AES_128_CBC_SHA256
    this.bytes = bytes
    this.saltBytes = writeSaltBytes(suite)
    this.keysAt = saltsFirst ? 2 * this.saltBytes : 0
    this.saltsAt = saltsFirst ? 0 : 2 * writeKeyBytes
  }

  get clientKey(): Uint8Array {
    return this.bytes.subarray(this.keysAt, this.keysAt + writeKeyBytes)
  }

  get serverKey(): Uint8Array {
    return this.bytes.subarray(this.keysAt + writeKeyBytes, this.keysAt + 2 * writeKeyBytes)
  }

  get clientSalt(): Uint8Array {
    return this.bytes.subarray(this.saltsAt, this.saltsAt + this.saltBytes)
  }

  get serverSalt(): Uint8Array {
    return this.bytes.subarray(this.saltsAt + this.saltBytes, this.saltsAt + 2 * this.saltBytes)
  }
}

export function deriveKeyBlock(
  crypto: Crypto,
  suite: CipherSuite,
  masterSecret: Uint8Array,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array
): KeyBlock {
  const length = 2 * (writeKeyBytes + writeSaltBytes(suite))
  return new KeyBlock(suite, crypto.prf(masterSecret, keyExpansionLabel, serverRandom, clientRandom, length))
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
