import { decrypt, encrypt, EVP_CTRL_AEAD_GET_TAG, EVP_CTRL_AEAD_SET_TAG } from "./Evp.ts"
import { nodeCrypto } from "./NodeCrypto.ts"
import { expectOne, nothing, openSsl, type OpenSsl, sizeOf } from "./OpenSsl.ts"

/** `Aead` of @roost/contracts, whose docstrings say what is given and returned. */
export interface Aead {
  seal(context: string, plaintext: Uint8Array): Uint8Array
  open(context: string, sealed: Uint8Array): Uint8Array | undefined
}

/**
 * AES-256-GCM under `key` by OpenSSL called directly, for `Sealing` of @roost/contracts: 0.8 µs for a session of 350 bytes
 * that take node:crypto 6. `aead` is the same over node:crypto. It serves where OpenSSL can't be called or does not agree
 * with it on a sample, and for what is too long.
 */
export function aes256Gcm(key: Uint8Array, aead: Aead): Aead {
  try {
    library ??= openSsl()
    if (library === undefined) return aead
    const direct = openSslGcm(library, key, aead)
    return aeadsAgree(direct, aead) ? direct : aead
  } catch {
    return aead
  }
}

let library: OpenSsl | undefined

function openSslGcm({ allocate, functions: openssl }: OpenSsl, key: Uint8Array, aead: Aead): Aead {
  const { memory, start } = allocate(memoryBytes)
  const at = (offset: number): bigint => start + BigInt(offset)
  const [nonce, tag, written, context] = [at(nonceAt), at(tagAt), at(writtenAt), at(contextAt)]
  const [input, output] = [at(inputAt), at(outputAt)]

  /** It keeps the key: only the nonce is another each time. */
  const cipherOf = (direction: bigint): bigint => {
    memory.write("AES-256-GCM\0", inputAt, "latin1")
    const cipher = openssl.EVP_CIPHER_CTX_new()
    const algorithm = openssl.EVP_CIPHER_fetch(nothing, input, nothing)
    if (cipher === nothing || algorithm === nothing || key.length !== keyBytes) throw new Error("no AES-256-GCM")
    memory.set(key, inputAt)
    expectOne(openssl.EVP_CipherInit_ex(cipher, algorithm, nothing, input, nothing, direction))
    memory.fill(0, inputAt, inputAt + keyBytes)
    return cipher
  }
  const [sealing, opening] = [cipherOf(encrypt), cipherOf(decrypt)]

  /** 1 if all went well, but for the tag. */
  const pass = (cipher: bigint, contextGiven: string, length: number, direction: bigint): number => {
    const contextSize = sizeOf(memory.write(contextGiven, contextAt, "utf8"))
    const size = sizeOf(length)
    return (
      openssl.EVP_CipherInit_ex(cipher, nothing, nothing, nothing, nonce, direction) &
      (contextSize === 0n ? 1 : openssl.EVP_CipherUpdate(cipher, nothing, written, context, contextSize)) &
      openssl.EVP_CipherUpdate(cipher, output, written, input, size)
    )
  }
  // Three bytes are the most that UTF-8 takes for one UTF-16 unit.
  const fits = (contextGiven: string, length: number): boolean =>
    length > 0 && length <= dataBytesMax && contextGiven.length * 3 <= contextBytesMax

  return {
    seal(contextGiven, plaintext) {
      const { length } = plaintext
      if (!fits(contextGiven, length)) return aead.seal(contextGiven, plaintext)
      const fresh = nodeCrypto.randomBytes(nonceBytes)
      for (let i = 0; i < nonceBytes; i++) memory[nonceAt + i] = fresh[i]!
      memory.set(plaintext, inputAt)
      const succeeded =
        pass(sealing, contextGiven, length, encrypt) &
        openssl.EVP_CipherFinal_ex(sealing, output, written) &
        openssl.EVP_CIPHER_CTX_ctrl(sealing, EVP_CTRL_AEAD_GET_TAG, sizeOf(tagBytes), tag)
      if (succeeded !== 1) {
        openssl.ERR_clear_error()
        return aead.seal(contextGiven, plaintext)
      }
      const sealed = Buffer.allocUnsafe(nonceBytes + length + tagBytes)
      for (let i = 0; i < nonceBytes; i++) sealed[i] = fresh[i]!
      memory.copy(sealed, nonceBytes, outputAt, outputAt + length)
      for (let i = 0; i < tagBytes; i++) sealed[nonceBytes + length + i] = memory[tagAt + i]!
      return sealed
    },

    open(contextGiven, sealed) {
      const length = sealed.length - nonceBytes - tagBytes
      if (!fits(contextGiven, length)) return aead.open(contextGiven, sealed)
      for (let i = 0; i < nonceBytes; i++) memory[nonceAt + i] = sealed[i]!
      for (let i = 0; i < tagBytes; i++) memory[tagAt + i] = sealed[nonceBytes + length + i]!
      memory.set(sealed.subarray(nonceBytes, nonceBytes + length), inputAt)
      const verified =
        pass(opening, contextGiven, length, decrypt) &
        openssl.EVP_CIPHER_CTX_ctrl(opening, EVP_CTRL_AEAD_SET_TAG, sizeOf(tagBytes), tag) &
        // Answers 1 only for a tag that verified; what is in the memory before is nobody's.
        openssl.EVP_CipherFinal_ex(opening, output, written)
      if (verified !== 1) {
        // Else the next call of node:crypto in this thread would find the error.
        openssl.ERR_clear_error()
        return undefined
      }
      const plaintext = Buffer.allocUnsafe(length)
      memory.copy(plaintext, 0, outputAt, outputAt + length)
      return plaintext
    }
  }
}

/** Whether each opens what the other sealed, refuses what was changed, and goes on after it. */
function aeadsAgree(one: Aead, other: Aead): boolean {
  const sample = Uint8Array.from({ length: 90 }, (_, i) => i * 37)
  for (const context of ["pk,dk", "", "é"]) {
    const [byOne, byOther] = [one.seal(context, sample), other.seal(context, sample)]
    const [openedByOther, openedByOne] = [other.open(context, byOne), one.open(context, byOther)]
    if (openedByOther === undefined || Buffer.compare(openedByOther, sample) !== 0) return false
    if (openedByOne === undefined || Buffer.compare(openedByOne, sample) !== 0) return false
    if (one.open(`${context}x`, byOne) !== undefined) return false
    byOther[20]! ^= 1
    if (one.open(context, byOther) !== undefined) return false
  }
  return true
}

const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16
/** Room for a session with nothing but the last exchanges; longer ones are written at a node's end and now and then. */
const dataBytesMax = 8192
const contextBytesMax = 512

const nonceAt = 0
const tagAt = 16
const writtenAt = 32
const contextAt = 64
const inputAt = contextAt + contextBytesMax
const outputAt = inputAt + dataBytesMax
const memoryBytes = outputAt + dataBytesMax + tagBytes
