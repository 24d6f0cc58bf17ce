/** A line of an import, numbered from 1; `text` is undefined if it was too long or no UTF-8. */
export interface NdjsonLine {
  readonly line: number
  readonly text: string | undefined
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
    const text = this.#tooLong ? undefined : decode(this.#rest)
    this.#rest = Buffer.alloc(0)
    this.#tooLong = false
    if (text === undefined || text.trim() !== "") lines.push({ line: this.#line, text })
  }
}

const decode = (bytes: Uint8Array): string | undefined => {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return undefined
  }
}

const lineFeed = 0x0a
const strictUtf8 = new TextDecoder("utf-8", { fatal: true })
