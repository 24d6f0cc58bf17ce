/** One pass over the grammar of RFC 8259 with a stack of its own, so that no nesting is too deep for it. */
export class JsonScan {
  at = 0
  readonly #bytes: Uint8Array
  /** `{` and `[` that are open. */
  readonly #open: Array<number> = []
  /** Keys of each container that is open, where `repeatedKey` asks. */
  #keys: Array<Set<string>> | undefined
  #repeated: string | undefined

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.at = 3
  }

  /** `{` or `[` around the fault; undefined outside of all. */
  get innermost(): number | undefined {
    return this.#open.at(-1)
  }

  /** The expected token at `at`; undefined if all is JSON. */
  run(): string | undefined {
    for (;;) {
      const opened = this.#value()
      if (typeof opened === "string") return opened
      if (opened) continue
      const next = this.#afterValue()
      if (typeof next === "string") return next
      if (!next) return undefined
    }
  }

  /** The first key that an object has twice, of a text that is JSON; undefined if there is none. */
  repeatedKey(): string | undefined {
    this.#keys = []
    this.run()
    return this.#repeated
  }

  /** True: a container was opened and its first value follows. A string: what was expected. */
  #value(): boolean | string {
    this.#space()
    const byte = this.#bytes[this.at]
    if (byte === openBrace || byte === openBracket) {
      this.at++
      this.#open.push(byte)
      this.#keys?.push(new Set())
      this.#space()
      if (this.#bytes[this.at] === byte + 2) {
        this.at++
        this.#close()
        return false
      }
      return byte === openBrace ? (this.#key() ?? true) : true
    }
    if (byte === quote) return this.#string() ?? false
    if (byte === minus || isDigit(byte)) return this.#number() ?? false
    for (const word of words) {
      if (byte === word.charCodeAt(0)) return this.#word(word) ?? false
    }
    return "a value"
  }

  /** False: the text ended where it may. True: another value follows. */
  #afterValue(): boolean | string {
    for (;;) {
      this.#space()
      const byte = this.#bytes[this.at]
      const open = this.#open.at(-1)
      if (open === undefined) return byte === undefined ? false : "the end of the payload"
      if (byte === open + 2) {
        this.at++
        this.#close()
        continue
      }
      if (byte !== comma) return open === openBrace ? `"," or "}"` : `"," or "]"`
      this.at++
      return open === openBrace ? (this.#key() ?? true) : true
    }
  }

  #close(): void {
    this.#open.pop()
    this.#keys?.pop()
  }

  #key(): string | undefined {
    this.#space()
    if (this.#bytes[this.at] !== quote) return "a key in double quotes"
    const start = this.at
    const wrong = this.#string()
    if (wrong !== undefined) return wrong
    if (this.#keys !== undefined) this.#noteKey(this.#bytes.subarray(start, this.at))
    this.#space()
    if (this.#bytes[this.at] !== colon) return `":"`
    this.at++
    return undefined
  }

  #noteKey(quoted: Uint8Array): void {
    // Written in two ways it is one key all the same.
    const key = JSON.parse(utf8.decode(quoted)) as string
    const keys = this.#keys!.at(-1)!
    if (keys.has(key)) this.#repeated ??= key
    keys.add(key)
  }

  #string(): string | undefined {
    for (this.at++; ; this.at++) {
      const byte = this.#bytes[this.at]
      if (byte === undefined) return "the end of a string"
      if (byte < 0x20) return "a character, control characters escaped"
      if (byte === quote) {
        this.at++
        return undefined
      }
      if (byte === backslash) {
        this.at++
        const escape = this.#bytes[this.at]
        if (escape === 0x75) {
          for (let i = 0; i < 4; i++) if (!isHex(this.#bytes[++this.at])) return "four hexadecimal digits after \\u"
        } else if (escape === undefined || !escapes.includes(String.fromCharCode(escape))) {
          return 'one of " \\ / b f n r t u after a backslash'
        }
      } else if (byte >= 0x80) {
        const length = utf8LengthAt(this.#bytes, this.at)
        if (length === 0) return "UTF-8"
        this.at += length - 1
      }
    }
  }

  #number(): string | undefined {
    if (this.#bytes[this.at] === minus) this.at++
    if (this.#bytes[this.at] === 0x30) {
      this.at++
      if (isDigit(this.#bytes[this.at])) return "no digit after a leading 0"
    } else if (!this.#digits()) return "a digit"
    if (this.#bytes[this.at] === point) {
      this.at++
      if (!this.#digits()) return "a digit after the point"
    }
    if (this.#bytes[this.at] === 0x65 || this.#bytes[this.at] === 0x45) {
      this.at++
      if (this.#bytes[this.at] === 0x2b || this.#bytes[this.at] === minus) this.at++
      if (!this.#digits()) return "a digit of the exponent"
    }
    return undefined
  }

  #digits(): boolean {
    const start = this.at
    while (isDigit(this.#bytes[this.at])) this.at++
    return this.at > start
  }

  #word(word: string): string | undefined {
    for (let i = 0; i < word.length; i++, this.at++) {
      if (this.#bytes[this.at] !== word.charCodeAt(i)) {
        this.at -= i
        return "a value"
      }
    }
    return undefined
  }

  #space(): void {
    for (let byte = this.#bytes[this.at]; byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;) {
      byte = this.#bytes[++this.at]
    }
  }
}

/** Bytes of the UTF-8 character at `at`; 0 if there is none (RFC 3629 §4). */
const utf8LengthAt = (bytes: Uint8Array, at: number): number => {
  const lead = bytes[at]!
  const length =
    lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0
  for (let i = 1; i < length; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0
  const second = bytes[at + 1] ?? 0
  if ((lead === 0xe0 && second < 0xa0) || (lead === 0xed && second > 0x9f)) return 0
  return (lead === 0xf0 && second < 0x90) || (lead === 0xf4 && second > 0x8f) ? 0 : length
}

export const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39
const isHex = (byte: number | undefined): boolean =>
  isDigit(byte) || (byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66)

const utf8 = new TextDecoder()
const words = ["true", "false", "null"] as const
const escapes = `"\\/bfnrt`
const openBrace = 0x7b
const openBracket = 0x5b
const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const minus = 0x2d
const point = 0x2e
