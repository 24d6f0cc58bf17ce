/**
 * Bounds-checked big-endian cursor over a view of received bytes.
 *
 * A read past the end sets `failed` and yields zero or an empty view. A decoder reads a whole structure straight through
 * and asks once, at its end, whether it was there.
 */
export class Reader {
  failed = false
  offset: number
  readonly bytes: Uint8Array
  readonly end: number

  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.bytes = bytes
    this.offset = offset
    this.end = end
  }

  get remaining(): number {
    return this.end - this.offset
  }

  /** True if nothing was read past the end and nothing is left over. */
  get complete(): boolean {
    return !this.failed && this.offset === this.end
  }

  uint8(): number {
    return this.#advance(1) ? this.bytes[this.offset - 1]! : 0
  }

  uint16(): number {
    if (!this.#advance(2)) return 0
    const at = this.offset - 2
    return (this.bytes[at]! << 8) | this.bytes[at + 1]!
  }

  uint24(): number {
    if (!this.#advance(3)) return 0
    const at = this.offset - 3
    return (this.bytes[at]! << 16) | (this.bytes[at + 1]! << 8) | this.bytes[at + 2]!
  }

  uint32(): number {
    return this.uint16() * 0x1_0000 + this.uint16()
  }

  uint48(): number {
    return this.uint16() * 0x1_0000_0000 + this.uint16() * 0x1_0000 + this.uint16()
  }

  /** A view, not a copy. */
  take(length: number): Uint8Array {
    return this.#advance(length) && length > 0 ? this.bytes.subarray(this.offset - length, this.offset) : empty
  }

  /** `opaque v<0..2^8-1>` of RFC 5246 §4.3, as a view. */
  vector8(): Uint8Array {
    return this.take(this.uint8())
  }

  /** `opaque v<0..2^16-1>` of RFC 5246 §4.3, as a view. */
  vector16(): Uint8Array {
    return this.take(this.uint16())
  }

  /** Steps over bytes that nobody asks for. */
  skip(length: number): void {
    this.#advance(length)
  }

  #advance(length: number): boolean {
    if (this.failed || length > this.end - this.offset) {
      this.failed = true
      return false
    }
    this.offset += length
    return true
  }
}

const empty = new Uint8Array(0)
