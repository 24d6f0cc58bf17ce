/** The events of a schedule, as a hash that two runs of one seed have in common, and as lines where somebody reads them. */
export class Trace {
  readonly lines: Array<string> = []
  readonly #keepsLines: boolean
  #hash = 0x811c9dc5

  constructor(keepsLines: boolean) {
    this.#keepsLines = keepsLines
  }

  /** FNV-1a over everything that was noted, 8 hexadecimal digits. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0")
  }

  /** A line is only made for a reader: `line` is not called otherwise. */
  note(now: number, kind: string, line: () => string): void {
    this.#number(now * 1_000)
    for (let i = 0; i < kind.length; i++) this.#octet(kind.charCodeAt(i))
    if (this.#keepsLines) this.lines.push(`${(now / 1_000).toFixed(3).padStart(8)} ${kind} ${line()}`)
  }

  bytes(now: number, bytes: Uint8Array): void {
    this.#number(now * 1_000)
    for (let i = 0; i < bytes.length; i++) this.#octet(bytes[i]!)
  }

  #number(value: number): void {
    for (let rest = Math.floor(value); rest > 0; rest = Math.floor(rest / 0x10000)) this.#octet(rest & 0xffff)
  }

  #octet(octet: number): void {
    this.#hash = Math.imul(this.#hash ^ octet, 0x01000193)
  }
}
