import type { Cipher } from "./Cipher.ts"
import { nodeCrypto } from "./NodeCrypto.ts"

/**
 * The ciphers of DTLS by OpenSSL's EVP interface, called in the node binary itself through node:ffi.
 *
 * node:crypto makes a cipher object with its stream, three buffers and their handles for every record, and has no call that
 * keeps a context for the next nonce or writes into a buffer: 16 of an uplink's 41 allocations outside the heap for each of
 * its two records. Here one context per direction is given another key and nonce each time, and everything is copied
 * through one block of memory: a third of the time (benchmark/README.md).
 *
 * Undefined where node has no node:ffi (`--no-experimental-ffi`, before Node 26.1, some platforms), where its binary does
 * not export OpenSSL, or where the ciphers don't agree with node:crypto's on a sample: the interface is experimental, and
 * another version of it must cost speed and nothing else.
 */
export function openSslCiphers(): Cipher | undefined {
  try {
    const ciphers = bind()
    return ciphers !== undefined && agree(ciphers, nodeCrypto) ? ciphers : undefined
  } catch {
    return undefined
  }
}

function bind(): Cipher | undefined {
  const ffi = loadFfi()
  if (ffi === undefined) return undefined
  const { functions: openssl } = ffi.dlopen(null, symbols)

  const memory = Buffer.allocUnsafeSlow(memoryBytes)
  const start = ffi.getRawPointer(memory)
  const at = (offset: number): bigint => start + BigInt(offset)
  const [key, nonce, tag, written] = [at(keyAt), at(nonceAt), at(tagAt), at(writtenAt)]
  const [additional, input, output] = [at(additionalAt), at(inputAt), at(outputAt)]

  const contextOf = (cipher: string, encrypt: 0 | 1): bigint => {
    memory.write(`${cipher}\0`, inputAt, "latin1")
    const context = openssl.EVP_CIPHER_CTX_new()
    const algorithm = openssl.EVP_CIPHER_fetch(nothing, input, nothing)
    if (context === nothing || algorithm === nothing) throw new Error(`OpenSSL has no ${cipher}`)
    expectOne(openssl.EVP_CipherInit_ex(context, algorithm, nothing, nothing, nothing, encrypt))
    return context
  }
  const ccm8Context = (encrypt: 0 | 1): bigint => {
    const context = contextOf("AES-128-CCM", encrypt)
    expectOne(openssl.EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, nonceBytes, nothing))
    expectOne(openssl.EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tagBytes, nothing))
    return context
  }
  const cbcContext = (encrypt: 0 | 1): bigint => {
    const context = contextOf("AES-128-CBC", encrypt)
    expectOne(openssl.EVP_CIPHER_CTX_set_padding(context, 0))
    return context
  }
  const [sealing, opening] = [ccm8Context(1), ccm8Context(0)]
  const [encrypting, decrypting] = [cbcContext(1), cbcContext(0)]

  /** What every operation of AEAD_AES_128_CCM has in common; 1 as long as nothing failed. */
  const startCcm8 = (context: bigint, length: number, additionalLength: number, encrypt: 0 | 1): number =>
    openssl.EVP_CipherInit_ex(context, nothing, nothing, key, nonce, encrypt) &
    // CCM authenticates the length before the data (RFC 3610 §2.2): it has to be known first.
    openssl.EVP_CipherUpdate(context, nothing, written, nothing, length) &
    (additionalLength === 0 ? 1 : openssl.EVP_CipherUpdate(context, nothing, written, additional, additionalLength))

  const fits = (bytes: Uint8Array, keyGiven: Uint8Array, nonceGiven: Uint8Array, expectedNonceBytes: number): boolean =>
    bytes.length > 0 &&
    bytes.length <= dataBytesMax &&
    keyGiven.length === keyBytes &&
    nonceGiven.length === expectedNonceBytes

  /** One pass of AES-128-CBC over `data`, into the memory at `outputAt`; 1 if all went well. */
  const cbc = (context: bigint, keyGiven: Uint8Array, iv: Uint8Array, data: Uint8Array, encrypt: 0 | 1): number => {
    memory.set(keyGiven, keyAt)
    memory.set(iv, nonceAt)
    memory.set(data, inputAt)
    return (
      openssl.EVP_CipherInit_ex(context, nothing, nothing, key, nonce, encrypt) &
      openssl.EVP_CipherUpdate(context, output, written, input, data.length)
    )
  }

  return {
    ccm8Seal(keyGiven, nonceGiven, additionalData, plaintext, target, offset) {
      const { length } = plaintext
      if (fits(plaintext, keyGiven, nonceGiven, nonceBytes) && additionalData.length <= additionalBytesMax) {
        memory.set(keyGiven, keyAt)
        memory.set(nonceGiven, nonceAt)
        memory.set(additionalData, additionalAt)
        memory.set(plaintext, inputAt)
        const succeeded =
          startCcm8(sealing, length, additionalData.length, 1) &
          openssl.EVP_CipherUpdate(sealing, output, written, input, length) &
          openssl.EVP_CIPHER_CTX_ctrl(sealing, EVP_CTRL_AEAD_GET_TAG, tagBytes, at(outputAt + length))
        if (succeeded === 1) {
          memory.copy(target, offset, outputAt, outputAt + length + tagBytes)
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
      memory.set(keyGiven, keyAt)
      memory.set(nonceGiven, nonceAt)
      memory.set(additionalData, additionalAt)
      memory.set(sealed, inputAt)
      memory.copyWithin(tagAt, inputAt + length, inputAt + length + tagBytes)
      const verified =
        openssl.EVP_CIPHER_CTX_ctrl(opening, EVP_CTRL_AEAD_SET_TAG, tagBytes, tag) &
        startCcm8(opening, length, additionalData.length, 0) &
        // Answers 1 only for a tag that verified; what it had written is overwritten with zeros otherwise.
        openssl.EVP_CipherUpdate(opening, output, written, input, length)
      if (verified !== 1) {
        // Else the next call of node:crypto in this thread would find the error.
        openssl.ERR_clear_error()
        return undefined
      }
      return taken(memory, length)
    },

    cbcEncrypt(keyGiven, iv, padded, target, offset) {
      if (fits(padded, keyGiven, iv, blockBytes) && cbc(encrypting, keyGiven, iv, padded, 1) === 1) {
        memory.copy(target, offset, outputAt, outputAt + padded.length)
      } else nodeCrypto.cbcEncrypt(keyGiven, iv, padded, target, offset)
    },

    cbcDecrypt(keyGiven, iv, ciphertext) {
      return fits(ciphertext, keyGiven, iv, blockBytes) && cbc(decrypting, keyGiven, iv, ciphertext, 0) === 1
        ? taken(memory, ciphertext.length)
        : nodeCrypto.cbcDecrypt(keyGiven, iv, ciphertext)
    }
  }
}

/** Output as bytes of their own, from node's pool: a `Uint8Array` of more than 64 bytes would be a call of malloc. */
function taken(memory: Buffer, length: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(length)
  memory.copy(bytes, 0, outputAt, outputAt + length)
  return bytes
}

/** node:ffi without its warning: what the warning is about is what `openSslCiphers` checks. */
function loadFfi(): typeof import("node:ffi") | undefined {
  const { emitWarning } = process
  process.emitWarning = () => undefined
  try {
    return process.getBuiltinModule("node:ffi") as typeof import("node:ffi") | undefined
  } finally {
    process.emitWarning = emitWarning
  }
}

/** Whether both seal and open a sample alike, and refuse a forged one. */
function agree(one: Cipher, other: Cipher): boolean {
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

function expectOne(result: number): void {
  if (result !== 1) throw new Error(`OpenSSL answered ${result}`)
}

const symbols = {
  EVP_CIPHER_CTX_new: { arguments: [], return: "pointer" },
  EVP_CIPHER_fetch: { arguments: ["pointer", "pointer", "pointer"], return: "pointer" },
  EVP_CipherInit_ex: { arguments: ["pointer", "pointer", "pointer", "pointer", "pointer", "i32"], return: "i32" },
  EVP_CIPHER_CTX_ctrl: { arguments: ["pointer", "i32", "i32", "pointer"], return: "i32" },
  EVP_CIPHER_CTX_set_padding: { arguments: ["pointer", "i32"], return: "i32" },
  EVP_CipherUpdate: { arguments: ["pointer", "pointer", "pointer", "pointer", "i32"], return: "i32" },
  ERR_clear_error: { arguments: [], return: "void" }
} as const

/** The null pointer. */
const nothing = 0n
/** Of openssl/evp.h. */
const EVP_CTRL_AEAD_SET_IVLEN = 0x9
const EVP_CTRL_AEAD_GET_TAG = 0x10
const EVP_CTRL_AEAD_SET_TAG = 0x11

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
const memoryBytes = outputAt + dataBytesMax + tagBytes
