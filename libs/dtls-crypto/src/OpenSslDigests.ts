import type { Digest } from "./Digest.ts"
import { nodeCrypto } from "./NodeCrypto.ts"
import { expectOne, type OpenSsl, sizeOf } from "./OpenSsl.ts"

/**
 * SHA-256, HMAC (RFC 2104) and the PRF of TLS 1.2 (RFC 5246 §5) on OpenSSL's compression function.
 *
 * A handshake has the PRF four times, which is 36 compressions of 0.04 µs in 18 HMACs. `hash` of node:crypto takes 0.3 µs for
 * each half of an HMAC and makes strings and Buffers. Here states and messages lie in one block of memory. The two states that
 * a secret begins with are computed once for all HMACs of a PRF.
 */
export function openSslDigests({ allocate, functions }: OpenSsl): Digest {
  const { SHA256_Init, SHA256_Transform, SHA256_Update } = functions
  const { memory, start } = allocate(memoryBytes)
  const words = new Int32Array(memory.buffer, memory.byteOffset, memoryBytes >> 2)
  const at = (offset: number): bigint => start + BigInt(offset)
  const [context, digestBlock, keyBlock] = [at(contextAt), at(digestBlockAt), at(keyBlockAt)]
  const [chained, message] = [at(chainedAt), at(messageAt)]

  expectOne(SHA256_Init(context))
  const initial = new Int32Array(stateWords)
  const inner = new Int32Array(stateWords)
  const outer = new Int32Array(stateWords)
  for (let i = 0; i < stateWords; i++) initial[i] = words[i]!
  // A digest of 32 bytes behind a block of key: all but the digest is always the same.
  memory[digestBlockAt + digestBytes] = 0x80
  memory.writeUInt16BE((blockBytes + digestBytes) * 8, digestBlockAt + blockBytes - 2)

  const enter = (state: Int32Array): void => {
    for (let i = 0; i < stateWords; i++) words[i] = state[i]!
  }
  const leave = (state: Int32Array): void => {
    for (let i = 0; i < stateWords; i++) state[i] = words[i]!
  }
  /** The state as bytes: SHA-256 is big-endian. */
  const write = (wordAt: number): void => {
    for (let i = 0; i < stateWords; i++) words[wordAt + i] = swapped(words[i]!)
  }
  /** The states behind the two blocks that the key makes of itself. */
  const begin = (key: Uint8Array): void => {
    const { length } = key
    for (let i = 0; i < length; i++) memory[keyBlockAt + i] = key[i]! ^ innerPad
    for (let i = length; i < blockBytes; i++) memory[keyBlockAt + i] = innerPad
    enter(initial)
    SHA256_Transform(context, keyBlock)
    leave(inner)
    for (let i = 0; i < blockBytes; i++) memory[keyBlockAt + i]! ^= innerPad ^ outerPad
    enter(initial)
    SHA256_Transform(context, keyBlock)
    leave(outer)
  }
  /** The outer hash, over the inner one that the context has; the context has the HMAC then. */
  const end = (): void => {
    write(digestBlockAt >> 2)
    enter(outer)
    SHA256_Transform(context, digestBlock)
  }
  /** Pads the message that ends at `offset`, of which `length` bytes are hashed from `from` on. Returns the bytes to be hashed. */
  const pad = (from: number, offset: number, length: number): bigint => {
    const size = (offset - from + paddingBytesMin + blockBytes - 1) & -blockBytes
    const last = from + size - 4
    memory[offset] = 0x80
    for (let i = offset + 1; i < last; i++) memory[i] = 0
    memory[last] = length >>> 21
    memory[last + 1] = length >>> 13
    memory[last + 2] = length >>> 5
    memory[last + 3] = length << 3
    return sizeOf(size)
  }
  /** Puts a message at `messageAt`; returns where it ends. */
  const place = (first: Uint8Array, second: Uint8Array | undefined): number => {
    memory.set(first, messageAt)
    const offset = messageAt + first.length
    if (second === undefined) return offset
    memory.set(second, offset)
    return offset + second.length
  }
  const result = (): Uint8Array => {
    const digest = new Uint8Array(digestBytes)
    for (let i = 0; i < digestBytes; i += 4) {
      const word = words[i >> 2]!
      digest[i] = word >>> 24
      digest[i + 1] = word >>> 16
      digest[i + 2] = word >>> 8
      digest[i + 3] = word
    }
    return digest
  }
  const fits = (first: Uint8Array, second: Uint8Array | undefined): boolean =>
    first.length + (second === undefined ? 0 : second.length) <= messageBytesMax

  return {
    sha256(first, second) {
      if (!fits(first, second)) return nodeCrypto.sha256(first, second)
      const offset = place(first, second)
      const size = pad(messageAt, offset, offset - messageAt)
      enter(initial)
      SHA256_Update(context, message, size)
      return result()
    },

    hmacSha256(key, first, second) {
      if (key.length > blockBytes || !fits(first, second)) return nodeCrypto.hmacSha256(key, first, second)
      begin(key)
      const offset = place(first, second)
      const size = pad(messageAt, offset, blockBytes + offset - messageAt)
      enter(inner)
      SHA256_Update(context, message, size)
      end()
      return result()
    },

    prf(secret, label, first, second, length) {
      const seedBytes = label.length + first.length + (second === undefined ? 0 : second.length)
      if (secret.length > blockBytes || seedBytes > messageBytesMax || length > outputBytesMax) {
        return nodeCrypto.prf(secret, label, first, second, length)
      }
      begin(secret)
      let offset = messageAt
      for (let i = 0; i < label.length; i++) memory[offset++] = label[i]!
      for (let i = 0; i < first.length; i++) memory[offset++] = first[i]!
      if (second !== undefined) for (let i = 0; i < second.length; i++) memory[offset++] = second[i]!
      // A(1), of the seed alone.
      const size = pad(messageAt, offset, blockBytes + seedBytes)
      enter(inner)
      SHA256_Update(context, message, size)
      end()
      // From here on A(i) is in front of the seed.
      const chainedSize = pad(chainedAt, offset, blockBytes + digestBytes + seedBytes)
      const output = new Uint8Array(length)
      for (let from = 0; ;) {
        write(chainedAt >> 2)
        enter(inner)
        SHA256_Update(context, chained, chainedSize)
        end()
        const to = Math.min(length, from + digestBytes)
        for (let i = from; i < to; i++) output[i] = words[(i - from) >> 2]! >>> (24 - ((i & 3) << 3))
        from = to
        if (from === length) return output
        // A(i + 1), of A(i): another digest behind a block of key.
        for (let i = 0; i < stateWords; i++) words[(digestBlockAt >> 2) + i] = words[(chainedAt >> 2) + i]!
        enter(inner)
        SHA256_Transform(context, digestBlock)
        end()
      }
    }
  }
}

/** Whether both give the same for messages that end on either side of a block's end. */
export function digestsAgree(one: Digest, other: Digest): boolean {
  const sample = Uint8Array.from({ length: 300 }, (_, i) => i * 41)
  const key = sample.subarray(5, 53)
  for (const length of [0, 1, 23, 24, 32, 55, 56, 63, 64, 119, 120, 200, 300]) {
    const [whole, front, back] = [
      sample.subarray(0, length),
      sample.subarray(0, length >> 1),
      sample.subarray(length >> 1, length)
    ]
    const same =
      Buffer.compare(one.sha256(whole), other.sha256(front, back)) === 0 &&
      Buffer.compare(one.hmacSha256(key, front, back), other.hmacSha256(key, whole)) === 0 &&
      Buffer.compare(one.prf(key, front, back, undefined, 70), other.prf(key, front, back, undefined, 70)) === 0 &&
      Buffer.compare(one.prf(key, front, back, key, 12), other.prf(key, front, back, key, 12)) === 0
    if (!same) return false
  }
  return true
}

function swapped(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
}

const blockBytes = 64
const digestBytes = 32
const stateWords = 8
/** 0x80 and the message's length in bits. */
const paddingBytesMin = 9
const innerPad = 0x36
const outerPad = 0x5c
/** Room for the largest record there is: a length that only padding decides must not decide on the path (Lucky 13). */
const messageBytesMax = 0x5000 + 512
/** On the heap, as every array of at most 64 bytes; a key block has 40 or 96. */
const outputBytesMax = 4096

/** SHA256_CTX: its first 32 bytes are the state. */
const contextAt = 0
const digestBlockAt = 128
const keyBlockAt = 192
/** Of A(i) ‖ seed in the PRF. */
const chainedAt = 256
const messageAt = chainedAt + digestBytes
const memoryBytes = messageAt + messageBytesMax + 2 * blockBytes
