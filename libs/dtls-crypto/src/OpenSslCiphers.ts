import { decrypt, encrypt, EVP_CTRL_AEAD_GET_TAG, EVP_CTRL_AEAD_SET_IVLEN, EVP_CTRL_AEAD_SET_TAG } from "./Evp.ts"
import type { Cipher } from "./Cipher.ts"
import { nodeCrypto } from "./NodeCrypto.ts"
import { expectOne, nothing, type OpenSsl, sizeOf } from "./OpenSsl.ts"

/**
 * The ciphers of DTLS by OpenSSL's EVP interface.
 *
 * node:crypto makes a cipher object with its stream, three buffers and their handles for every record. It has no call that
 * keeps a context for the next nonce or writes into a buffer. That is 16 of an uplink's 41 allocations outside the heap for each of
 * its two records. Here one context per direction is given another key and nonce each time, and everything is copied
 * through one block of memory.
 */
export function openSslCiphers({ allocate, functions: openssl }: OpenSsl): Cipher {
  const { memory, start } = allocate(memoryBytes)
  const at = (offset: number): bigint => start + BigInt(offset)
  const [key, nonce, tag, written] = [at(keyAt), at(nonceAt), at(tagAt), at(writtenAt)]
  const [additional, input, output] = [at(additionalAt), at(inputAt), at(outputAt)]

  const contextOf = (cipher: string, direction: bigint): bigint => {
    memory.write(`${cipher}\0`, inputAt, "latin1")
    const context = openssl.EVP_CIPHER_CTX_new()
    const algorithm = openssl.EVP_CIPHER_fetch(nothing, input, nothing)
    if (context === nothing || algorithm === nothing) throw new Error(`OpenSSL has no ${cipher}`)
    expectOne(openssl.EVP_CipherInit_ex(context, algorithm, nothing, nothing, nothing, direction))
    return context
  }
  const ccm8Context = (direction: bigint): bigint => {
    const context = contextOf("AES-128-CCM", direction)
    expectOne(openssl.EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, sizeOf(nonceBytes), nothing))
    expectOne(openssl.EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, sizeOf(tagBytes), nothing))
    return context
  }
  const cbcContext = (direction: bigint): bigint => {
    const context = contextOf("AES-128-CBC", direction)
    expectOne(openssl.EVP_CIPHER_CTX_set_padding(context, 0n))
    return context
  }
  const [sealing, opening] = [ccm8Context(encrypt), ccm8Context(decrypt)]
  const [encrypting, decrypting] = [cbcContext(encrypt), cbcContext(decrypt)]

  /** The first calls of every AEAD_AES_128_CCM operation; 1 as long as nothing failed. */
  const startCcm8 = (context: bigint, size: bigint, additionalLength: number, direction: bigint): number =>
    openssl.EVP_CipherInit_ex(context, nothing, nothing, key, nonce, direction) &
    // CCM authenticates the length before the data (RFC 3610 §2.2): it has to be known first.
    openssl.EVP_CipherUpdate(context, nothing, written, nothing, size) &
    (additionalLength === 0
      ? 1
      : openssl.EVP_CipherUpdate(context, nothing, written, additional, sizeOf(additionalLength)))

  const fits = (bytes: Uint8Array, keyGiven: Uint8Array, nonceGiven: Uint8Array, expectedNonceBytes: number): boolean =>
    bytes.length > 0 &&
    bytes.length <= dataBytesMax &&
    keyGiven.length === keyBytes &&
    nonceGiven.length === expectedNonceBytes

  /** One pass of AES-128-CBC over `data`, into the memory at `outputAt`; 1 if all went well. */
  const cbc = (context: bigint, keyGiven: Uint8Array, iv: Uint8Array, data: Uint8Array, direction: bigint): number => {
    put(memory, keyAt, keyGiven)
    put(memory, nonceAt, iv)
    memory.set(data, inputAt)
    return (
      openssl.EVP_CipherInit_ex(context, nothing, nothing, key, nonce, direction) &
      openssl.EVP_CipherUpdate(context, output, written, input, sizeOf(data.length))
    )
  }

  return {
    ccm8Seal(keyGiven, nonceGiven, additionalData, plaintext, target, offset) {
      const { length } = plaintext
      if (fits(plaintext, keyGiven, nonceGiven, nonceBytes) && additionalData.length <= additionalBytesMax) {
        put(memory, keyAt, keyGiven)
        put(memory, nonceAt, nonceGiven)
        put(memory, additionalAt, additionalData)
        memory.set(plaintext, inputAt)
        const size = sizeOf(length)
        const succeeded =
          startCcm8(sealing, size, additionalData.length, encrypt) &
          openssl.EVP_CipherUpdate(sealing, output, written, input, size) &
          openssl.EVP_CIPHER_CTX_ctrl(sealing, EVP_CTRL_AEAD_GET_TAG, sizeOf(tagBytes), tag)
        if (succeeded === 1) {
          memory.copy(target, offset, outputAt, outputAt + length)
          for (let i = 0; i < tagBytes; i++) target[offset + length + i] = memory[tagAt + i]!
          return
        }
        openssl.ERR_clear_error()
      }
      nodeCrypto.ccm8Seal(keyGiven, nonceGiven, additionalData, plaintext, target, offset)
    },

    ccm8Open(keyGiven, nonceGiven, additionalData, sealed) {
      const length = sealed.length - tagBytes
      if (
        length <= 0 ||
        additionalData.length > additionalBytesMax ||
        !fits(sealed, keyGiven, nonceGiven, nonceBytes)
      ) {
        return nodeCrypto.ccm8Open(keyGiven, nonceGiven, additionalData, sealed)
      }
      put(memory, keyAt, keyGiven)
      put(memory, nonceAt, nonceGiven)
      put(memory, additionalAt, additionalData)
      memory.set(sealed, inputAt)
      for (let i = 0; i < tagBytes; i++) memory[tagAt + i] = sealed[length + i]!
      const size = sizeOf(length)
      const verified =
        openssl.EVP_CIPHER_CTX_ctrl(opening, EVP_CTRL_AEAD_SET_TAG, sizeOf(tagBytes), tag) &
        startCcm8(opening, size, additionalData.length, decrypt) &
        // Answers 1 only for a tag that verified; what it had written is overwritten with zeros otherwise.
        openssl.EVP_CipherUpdate(opening, output, written, input, size)
      if (verified !== 1) {
        // Else the next call of node:crypto in this thread would find the error.
        openssl.ERR_clear_error()
        return undefined
      }
      return taken(memory, length)
    },

    cbcEncrypt(keyGiven, iv, padded, target, offset) {
      if (fits(padded, keyGiven, iv, blockBytes) && cbc(encrypting, keyGiven, iv, padded, encrypt) === 1) {
        memory.copy(target, offset, outputAt, outputAt + padded.length)
      } else nodeCrypto.cbcEncrypt(keyGiven, iv, padded, target, offset)
    },

    cbcDecrypt(keyGiven, iv, ciphertext) {
      return fits(ciphertext, keyGiven, iv, blockBytes) && cbc(decrypting, keyGiven, iv, ciphertext, decrypt) === 1
        ? taken(memory, ciphertext.length)
        : nodeCrypto.cbcDecrypt(keyGiven, iv, ciphertext)
    }
  }
}

/** Whether both seal and open a sample alike, and refuse a forged one. */
export function ciphersAgree(one: Cipher, other: Cipher): boolean {
  const sample = Uint8Array.from({ length: 80 }, (_, i) => i * 37)
  const [key, nonce, iv] = [sample.subarray(1, 17), sample.subarray(20, 32), sample.subarray(40, 56)]
  const additional = sample.subarray(60, 73)
  const [sealed, expected] = [new Uint8Array(88), new Uint8Array(88)]
  // Twice: the second time with a context that was used before, and after a record that was refused.
  for (let round = 0; round < 2; round++) {
    one.ccm8Seal(key, nonce, additional, sample, sealed, 0)
    other.ccm8Seal(key, nonce, additional, sample, expected, 0)
    if (Buffer.compare(sealed, expected) !== 0) return false
    const opened = one.ccm8Open(key, nonce, additional, sealed)
    if (opened === undefined || Buffer.compare(opened, sample) !== 0) return false
    sealed[round]! ^= 1
    if (one.ccm8Open(key, nonce, additional, sealed) !== undefined) return false
    one.cbcEncrypt(key, iv, sample, sealed, 0)
    other.cbcEncrypt(key, iv, sample, expected, 0)
    if (Buffer.compare(sealed.subarray(0, 80), expected.subarray(0, 80)) !== 0) return false
    if (Buffer.compare(one.cbcDecrypt(key, iv, sealed.subarray(0, 80)), sample) !== 0) return false
  }
  return true
}

/** A few bytes: `set` costs more than the loop for them. */
function put(memory: Buffer, at: number, bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i++) memory[at + i] = bytes[i]!
}

/** Output as bytes of their own, from node's pool: a `Uint8Array` of more than 64 bytes would be a call of malloc. */
function taken(memory: Buffer, length: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(length)
  memory.copy(bytes, 0, outputAt, outputAt + length)
  return bytes
}

const keyBytes = 16
const nonceBytes = 12
const tagBytes = 8
const blockBytes = 16
/** Room for a record of 2^14 bytes and all that its protection may add (RFC 5246 §6.2.3). */
const dataBytesMax = 0x5000
/** RFC 9146 §5: 23 bytes and a connection id of at most 255. */
const additionalBytesMax = 512

const keyAt = 0
const nonceAt = 32
const tagAt = 64
const writtenAt = 96
const additionalAt = 128
const inputAt = additionalAt + additionalBytesMax
const outputAt = inputAt + dataBytesMax
const memoryBytes = outputAt + dataBytesMax
