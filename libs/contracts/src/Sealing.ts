import { BoundedMap } from "@roost/bounded"
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto"
import { keysOf, type SealingKey, type SealingKeys, sealingKeys } from "./SealingKeys.ts"

const nonceLength = 12
const tagLength = 16

/** AES-256-GCM under one key with a new random nonce for each `seal`. Sealed: nonce 12 | ciphertext | tag 16. */
export interface Aead {
  /** `context` is authenticated and not part of the result. */
  seal(context: string, plaintext: Uint8Array): Uint8Array
  /** The plaintext, or undefined if it was sealed under another key, for another context, or was changed. */
  open(context: string, sealed: Uint8Array): Uint8Array | undefined
}

/** Of a key of 32 bytes: the same as `aead` does, in less time. */
export type FasterAead = (key: Uint8Array, aead: Aead) => Aead

/**
 * Authenticated encryption for secrets on the bus and at rest: AES-256-GCM, for one purpose. `context` (an identity, a row's key) is
 * authenticated too, so that a sealed secret can't be moved to another device.
 *
 * Nonces of 96 random bits are good for 2^32 messages under one key (NIST SP 800-38D §8.3). HKDF derives a key for each purpose, and
 * from that one for each day and lane. A process seals in one of 256 lanes, so that a day would have to see 2^40 messages.
 *
 * Sealed: 0xb1 | id of the key 4 | day since 1970 2 | lane 1 | nonce 12 | ciphertext | tag 16, all of it authenticated. Secrets that were
 * sealed before there was a header open too.
 */
export class Sealing implements Aead {
  readonly #keys: ReadonlyArray<PurposeKey>
  readonly #now: () => number
  readonly #lane = randomBytes(1)[0]!

  /** `purpose`: such as "psk"; keys of different purposes are independent. `keys`: 32 bytes, or keys by id. */
  constructor(
    keys: SealingKeys | Uint8Array,
    purpose: string,
    faster: FasterAead = (_key, aead) => aead,
    now: () => number = Date.now
  ) {
    const known = keysOf(keys instanceof Uint8Array ? sealingKeys(keys) : keys)
    this.#keys = known.map((key) => new PurposeKey(key, purpose, faster))
    this.#now = now
  }

  seal(context: string, plaintext: Uint8Array): Uint8Array {
    const key = this.#keys[0]!
    const header = headerOf(key.id, Math.floor(this.#now() / dayMillis) & 0xffff, this.#lane)
    const sealed = key.of(header).seal(boundTo(context), plaintext)
    const all = new Uint8Array(headerLength + sealed.length)
    all.set(header)
    all.set(sealed, headerLength)
    return all
  }

  open(context: string, sealed: Uint8Array): Uint8Array | undefined {
    const header = sealed.subarray(0, headerLength)
    const key = this.#keys.find((known) => known.isOf(header))
    const opened = key?.of(header).open(boundTo(context), sealed.subarray(headerLength))
    if (opened !== undefined) return opened
    // One of 2^40 old nonces looks like a header.
    for (const known of this.#keys) {
      const old = known.plain.open(context, sealed)
      if (old !== undefined) return old
    }
    return undefined
  }

  /** Whether it is to be sealed again, before the previous key goes. */
  isOld(sealed: Uint8Array): boolean {
    return !this.#keys[0]!.isOf(sealed)
  }
}

/** A key for one purpose, and those of its days and lanes. */
class PurposeKey {
  readonly id: Uint8Array
  readonly #key: Uint8Array
  readonly #faster: FasterAead
  readonly #derived = new BoundedMap<number, Aead>(derivedKeysMax)
  #plain: Aead | undefined

  constructor({ bytes, id }: SealingKey, purpose: string, faster: FasterAead) {
    this.id = Buffer.from(id, "hex")
    this.#key = derive(bytes, `roost ${purpose}`)
    this.#faster = faster
    // Made at once: the first of a process is asked for in the midst of a handshake.
    void this.plain
  }

  /** As it was before keys had days. */
  get plain(): Aead {
    return (this.#plain ??= this.#faster(this.#key, new NodeAead(this.#key)))
  }

  isOf(header: Uint8Array): boolean {
    return header[0] === headerMark && this.id.every((byte, i) => byte === header[i + 1])
  }

  of(header: Uint8Array): Aead {
    const name = (header[5]! << 16) | (header[6]! << 8) | header[7]!
    const known = this.#derived.get(name)
    if (known !== undefined) return known
    const key = derive(this.#key, `day ${header[5]! * 256 + header[6]!}, lane ${header[7]}`)
    const made = this.#faster(key, new NodeAead(key))
    this.#derived.set(name, made)
    return made
  }
}

const derive = (key: Uint8Array, info: string): Uint8Array =>
  new Uint8Array(hkdfSync("sha256", key, new Uint8Array(0), info, 32))

const headerOf = (id: Uint8Array, day: number, lane: number): Uint8Array =>
  Uint8Array.of(headerMark, id[0]!, id[1]!, id[2]!, id[3]!, day >> 8, day & 0xff, lane)

/** Key, day and lane are bound by the derivation of the key; the context keeps the two formats apart. */
const boundTo = (context: string): string => `1 ${context}`

const headerMark = 0xb1
const headerLength = 8
const dayMillis = 86_400_000
/** Some 50 KB each where OpenSSL is called directly: those of today, and of what other processes sealed lately. */
const derivedKeysMax = 64

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
