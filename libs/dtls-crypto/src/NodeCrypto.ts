import { createCipheriv, createDecipheriv, createHmac, hash, randomFillSync } from "node:crypto"

/**
 * The crypto of DTLS over node:crypto, with raw keys. On Node 26 they are as fast as KeyObjects and a session can keep
 * them as bytes.
 *
 * It has the shape of `Crypto` in @roost/dtls without importing it, so that the tests of that library can use it.
 */
export const nodeCrypto = {
  randomBytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    if (length > stockBytes) return randomFillSync(bytes)
    if (length > stockLeft) {
      randomFillSync(stock)
      stockLeft = stockBytes
    }
    stockLeft -= length
    for (let i = 0; i < length; i++) {
      bytes[i] = stock[stockLeft + i]!
      // Bytes that were handed out are nowhere else: they may become a secret.
      stock[stockLeft + i] = 0
    }
    return bytes
  },

  sha256(first: Uint8Array, second?: Uint8Array): Uint8Array {
    return digest(second === undefined ? first : Buffer.concat([first, second]))
  },

  hmacSha256,

  prf(
    secret: Uint8Array,
    label: Uint8Array,
    first: Uint8Array,
    second: Uint8Array | undefined,
    length: number
  ): Uint8Array {
    const seed = Buffer.concat(second === undefined ? [label, first] : [label, first, second])
    const output = new Uint8Array(length)
    let a: Uint8Array = seed
    for (let at = 0; at < length; at += digestBytes) {
      a = hmacSha256(secret, a)
      output.set(hmacSha256(secret, a, seed).subarray(0, length - at), at)
    }
    return output
  },

  ccm8Seal(
    key: Uint8Array,
    nonce: Uint8Array,
    additionalData: Uint8Array,
    plaintext: Uint8Array,
    target: Uint8Array,
    offset: number
  ): void {
    const cipher = createCipheriv("aes-128-ccm", key, nonce, ccm8Options)
    cipher.setAAD(additionalData, { plaintextLength: plaintext.length })
    target.set(cipher.update(plaintext), offset)
    cipher.final()
    target.set(cipher.getAuthTag(), offset + plaintext.length)
  },

  ccm8Open(key: Uint8Array, nonce: Uint8Array, additionalData: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    const length = sealed.length - ccm8Options.authTagLength
    if (length < 0) return undefined
    const decipher = createDecipheriv("aes-128-ccm", key, nonce, ccm8Options)
    for (let i = 0; i < tag.length; i++) tag[i] = sealed[length + i]!
    decipher.setAuthTag(tag)
    decipher.setAAD(additionalData, { plaintextLength: length })
    try {
      const plaintext = decipher.update(sealed.subarray(0, length))
      decipher.final()
      return plaintext
    } catch {
      // CCM checks the tag before it releases anything; node:crypto reports a wrong one by throwing, and nothing else.
      return undefined
    }
  },

  cbcEncrypt(key: Uint8Array, iv: Uint8Array, padded: Uint8Array, target: Uint8Array, offset: number): void {
    target.set(createCipheriv("aes-128-cbc", key, iv).setAutoPadding(false).update(padded), offset)
  },

  cbcDecrypt(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Uint8Array {
    return createDecipheriv("aes-128-cbc", key, iv).setAutoPadding(false).update(ciphertext)
  }
}

/**
 * RFC 2104 as two one-shot hashes. `createHmac` costs 2.0 µs, mostly for its stream object and the collector's work on it.
 * `hash` costs 0.3 µs as long as it answers with a string, 1.0 µs if it has to make a Buffer. Two of them with the copying
 * are 1.0 µs, and a handshake needs twelve HMACs.
 */
function hmacSha256(key: Uint8Array, first: Uint8Array, second?: Uint8Array): Uint8Array {
  const secondAt = blockBytes + first.length
  const end = secondAt + (second === undefined ? 0 : second.length)
  if (key.length > blockBytes || end > inner.length) {
    const hmac = createHmac("sha256", key).update(first)
    return second === undefined ? hmac.digest() : hmac.update(second).digest()
  }
  for (let i = 0; i < blockBytes; i++) {
    const byte = i < key.length ? key[i]! : 0
    inner[i] = byte ^ 0x36
    outer[i] = byte ^ 0x5c
  }
  inner.set(first, blockBytes)
  if (second !== undefined) inner.set(second, secondAt)
  outer.write(hash("sha256", inner.subarray(0, end), "latin1"), blockBytes, "latin1")
  return digest(outer)
}

function digest(data: Uint8Array): Uint8Array {
  return Buffer.from(hash("sha256", data, "latin1"), "latin1")
}

/** Of SHA-256. */
const blockBytes = 64
const digestBytes = 32
/** Room for the largest record there is: a length that only padding decides must not decide on the path (Lucky 13). */
const inner = Buffer.alloc(blockBytes + 0x5000)
const outer = Buffer.alloc(blockBytes + digestBytes)

/** Random bytes to come. A call of the generator costs 1.5 µs whatever it is asked for, and a handshake needs five. */
const stockBytes = 1024
const stock = Buffer.alloc(stockBytes)
let stockLeft = 0

/** `setAuthTag` copies it. */
const tag = new Uint8Array(8)

const ccm8Options = { authTagLength: 8 } as const
