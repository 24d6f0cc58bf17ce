import { createCipheriv, createDecipheriv, createHmac, hash, randomFillSync } from "node:crypto"

/**
 * The crypto of DTLS over node:crypto, with raw keys: on Node 26 they are as fast as KeyObjects and a session can keep
 * them as bytes.
 *
 * It has the shape of `Crypto` in @roost/dtls without importing it, so that the tests of that library can use it.
 */
export const nodeCrypto = {
  randomBytes(length: number): Uint8Array {
    return randomFillSync(new Uint8Array(length))
  },

  sha256(first: Uint8Array, second?: Uint8Array): Uint8Array {
    return hash("sha256", second === undefined ? first : Buffer.concat([first, second]), "buffer")
  },

  hmacSha256(key: Uint8Array, first: Uint8Array, second?: Uint8Array): Uint8Array {
    const hmac = createHmac("sha256", key).update(first)
    return second === undefined ? hmac.digest() : hmac.update(second).digest()
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
    decipher.setAuthTag(sealed.subarray(length))
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

const ccm8Options = { authTagLength: 8 } as const
