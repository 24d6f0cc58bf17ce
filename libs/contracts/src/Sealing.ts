import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto"

const nonceLength = 12
const tagLength = 16

/** AES-256-GCM under one key with a new random nonce for each `seal`. Sealed: nonce 12 | ciphertext | tag 16. */
export interface Aead {
  /** `context` is authenticated and not part of the result. */
  seal(context: string, plaintext: Uint8Array): Uint8Array
  /** The plaintext, or undefined if it was sealed under another key, for another context, or was changed. */
  open(context: string, sealed: Uint8Array): Uint8Array | undefined
}

/**
 * Authenticated encryption for secrets on the bus and at rest: AES-256-GCM under a key that HKDF derives from a
 * cluster key for one purpose. `context` (an identity, a row's key) is authenticated too, so that a sealed secret
 * can't be moved to another device.
 */
export class Sealing implements Aead {
  readonly #aead: Aead

  /**
   * `clusterKey`: 32 bytes. `purpose`: such as "psk"; keys of different purposes are independent. `faster` may give the
   * same in less time, with `aead` for what it can't do: sessions are sealed at every handshake.
   */
  constructor(clusterKey: Uint8Array, purpose: string, faster = (_key: Uint8Array, aead: Aead): Aead => aead) {
    const key = new Uint8Array(hkdfSync("sha256", clusterKey, new Uint8Array(0), `roost ${purpose}`, 32))
    this.#aead = faster(key, new NodeAead(key))
  }

  seal(context: string, plaintext: Uint8Array): Uint8Array {
    return this.#aead.seal(context, plaintext)
  }

  open(context: string, sealed: Uint8Array): Uint8Array | undefined {
    return this.#aead.open(context, sealed)
  }
}

/** The bytes of a key given as 64 hexadecimal digits, or undefined. */
export const parseKey = (hex: string): Uint8Array | undefined =>
  /^[0-9a-fA-F]{64}$/.test(hex) ? Buffer.from(hex, "hex") : undefined

class NodeAead implements Aead {
  readonly #key: Uint8Array

  constructor(key: Uint8Array) {
    this.#key = key
  }

  seal(context: string, plaintext: Uint8Array): Uint8Array {
    const nonce = randomBytes(nonceLength)
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce)
    cipher.setAAD(Buffer.from(context, "utf8"))
    return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
  }

  open(context: string, sealed: Uint8Array): Uint8Array | undefined {
    if (sealed.length < nonceLength + tagLength) return undefined
    const decipher = createDecipheriv("aes-256-gcm", this.#key, sealed.subarray(0, nonceLength))
    decipher.setAAD(Buffer.from(context, "utf8"))
    decipher.setAuthTag(sealed.subarray(sealed.length - tagLength))
    try {
      return Buffer.concat([decipher.update(sealed.subarray(nonceLength, sealed.length - tagLength)), decipher.final()])
    } catch {
      return undefined
    }
  }
}
