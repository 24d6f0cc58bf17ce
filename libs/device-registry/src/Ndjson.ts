/** A line of an import, numbered from 1; `bytes` is undefined if it was too long. */
export interface NdjsonLine {
  readonly line: number
  readonly bytes: Uint8Array | undefined
}

/** Cuts a body into lines as it comes in, and keeps no more than one line of it. Empty lines are skipped. */
export class NdjsonLines {
  readonly #lineBytesMax: number
  #line = 0
  /** The beginning of a line whose end has not come yet. */
  #rest: Buffer = Buffer.alloc(0)
  #tooLong = false

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax
  }

  push(chunk: Uint8Array): ReadonlyArray<NdjsonLine> {
    const lines: Array<NdjsonLine> = []
    let start = 0
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
      this.#keep(chunk.subarray(start, end))
      this.#take(lines)
      start = end + 1
    }
    this.#keep(chunk.subarray(start))
    return lines
  }

  /** The last line, if the body does not end with a line feed. */
  end(): ReadonlyArray<NdjsonLine> {
    const lines: Array<NdjsonLine> = []
    this.#take(lines)
    return lines
  }

  #keep(piece: Uint8Array): void {
    if (this.#rest.length + piece.length > this.#lineBytesMax) {
      this.#tooLong = true
      this.#rest = Buffer.alloc(0)
    } else if (piece.length > 0 && !this.#tooLong) {
      this.#rest = Buffer.concat([this.#rest, piece])
    }
  }

  #take(lines: Array<NdjsonLine>): void {
    this.#line++
    const bytes = this.#tooLong ? undefined : this.#rest
    this.#rest = Buffer.alloc(0)
    this.#tooLong = false
    if (bytes === undefined || !bytes.every(isSpace)) lines.push({ line: this.#line, bytes })
  }
}

const lineFeed = 0x0a

/** Of JSON (RFC 8259 §2): space, tab and carriage return. */
const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0d
