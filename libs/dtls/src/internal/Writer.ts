import { allocate } from "./allocate.ts"
import { emptyBytes } from "./bytes.ts"

/**
 * Growing big-endian buffer for the messages of a handshake; records of a session are sealed in place instead. It writes
 * into memory that the next Writer takes over, so that a message costs one allocation and not two or three.
 */
export class Writer {
  #bytes: Uint8Array = spare.pop() ?? new Uint8Array(spareBytes)
  length = 0

  uint8(value: number): this {
    const at = this.#reserve(1)
    this.#bytes[at] = value
    return this
  }

  uint16(value: number): this {
    const at = this.#reserve(2)
    this.#bytes[at] = value >>> 8
    this.#bytes[at + 1] = value
    return this
  }

  uint24(value: number): this {
    const at = this.#reserve(3)
    this.#bytes[at] = value >>> 16
    this.#bytes[at + 1] = value >>> 8
    this.#bytes[at + 2] = value
    return this
  }

  uint32(value: number): this {
    return this.uint16(Math.floor(value / 0x1_0000)).uint16(value % 0x1_0000)
  }

  uint48(value: number): this {
    return this.uint16(Math.floor(value / 0x1_0000_0000)).uint32(value % 0x1_0000_0000)
  }

  put(bytes: Uint8Array): this {
    const at = this.#reserve(bytes.length)
    this.#bytes.set(bytes, at)
    return this
  }

  /** Two zero bytes for a length that is known later; returns where they are. */
  skip16(): number {
    const at = this.#reserve(2)
    this.#bytes[at] = 0
    this.#bytes[at + 1] = 0
    return at
  }

  /** Writes the count of bytes that followed those of `skip16`, as the length in front of a vector. */
  fill16(at: number): this {
    const length = this.length - at - 2
    this.#bytes[at] = length >>> 8
    this.#bytes[at + 1] = length
    return this
  }

  /** Panics on more than 255 bytes: the caller's limits exclude them. */
  vector8(bytes: Uint8Array): this {
    if (bytes.length > 0xff) throw new RangeError(`vector of ${bytes.length} bytes has no 8-bit length`)
    return this.uint8(bytes.length).put(bytes)
  }

  /** Panics on more than 65535 bytes: the caller's limits exclude them. */
  vector16(bytes: Uint8Array): this {
    if (bytes.length > 0xffff) throw new RangeError(`vector of ${bytes.length} bytes has no 16-bit length`)
    return this.uint16(bytes.length).put(bytes)
  }

  /** A copy of exactly the written bytes. The writer is empty then, and not to be used again. */
  finish(): Uint8Array {
    const { length } = this
    const written = allocate(length)
    for (let i = 0; i < length; i++) written[i] = this.#bytes[i]!
    if (this.#bytes.length === spareBytes && spare.length < spareMax) spare.push(this.#bytes)
    this.#bytes = emptyBytes
    this.length = 0
    return written
  }

  #reserve(count: number): number {
    const at = this.length
    this.length = at + count
    if (this.length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.length, this.#bytes.length * 2))
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    return at
  }
}

/** Larger than any message of a PSK handshake but a ClientHello with long extensions. */
const spareBytes = 512
/** Writers at work at once: a message may be written while another is. */
const spareMax = 8
const spare: Array<Uint8Array> = []
