/** Big-endian cursor over a buffer of its own that grows; `view` is good until the next `reset`. */
export class StateWriter {
  #bytes = Buffer.alloc(1024)
  #length = 0

  reset(): this {
    this.#length = 0
    return this
  }

  uint8(value: number): this {
    this.#length = this.#room(1).writeUInt8(value, this.#length)
    return this
  }

  uint16(value: number): this {
    this.#length = this.#room(2).writeUInt16BE(value, this.#length)
    return this
  }

  /** Milliseconds since 1970, record sequence numbers, fencing tokens. */
  uint48(value: number): this {
    this.#length = this.#room(6).writeUIntBE(value, this.#length, 6)
    return this
  }

  /** At most 65 535 bytes, which the limits of what is written here exclude. */
  bytes(value: Uint8Array): this {
    this.uint16(value.length)
    this.#room(value.length).set(value, this.#length)
    this.#length += value.length
    return this
  }

  text(value: string): this {
    const length = Buffer.byteLength(value)
    this.uint16(length)
    this.#room(length).write(value, this.#length)
    this.#length += length
    return this
  }

  get view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  #room(more: number): Buffer {
    if (this.#length + more > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(this.#length + more, 2 * this.#bytes.length))
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    return this.#bytes
  }
}

/** Reads what `StateWriter` wrote. A read past the end sets `failed` and gives zeros; ask once, at the end. */
export class StateReader {
  failed = false
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  /** Nothing was read past the end and nothing is left over. */
  get complete(): boolean {
    return !this.failed && this.#at === this.#bytes.length
  }

  uint8(): number {
    return this.#take(1) ? this.#bytes.readUInt8(this.#at - 1) : 0
  }

  uint16(): number {
    return this.#take(2) ? this.#bytes.readUInt16BE(this.#at - 2) : 0
  }

  uint48(): number {
    return this.#take(6) ? this.#bytes.readUIntBE(this.#at - 6, 6) : 0
  }

  /** A view. */
  bytes(): Uint8Array {
    const length = this.uint16()
    return this.#take(length) ? this.#bytes.subarray(this.#at - length, this.#at) : this.#bytes.subarray(0, 0)
  }

  text(): string {
    const length = this.uint16()
    return this.#take(length) ? this.#bytes.toString("utf8", this.#at - length, this.#at) : ""
  }

  #take(length: number): boolean {
    if (this.failed || length > this.#bytes.length - this.#at) {
      this.failed = true
      return false
    }
    this.#at += length
    return true
  }
}
