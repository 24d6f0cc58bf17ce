/** Where progress is shown: `process.stderr`. */
export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** Lines at the foot of a terminal that are drawn over themselves, and lines above them that stay. */
export class LiveBlock {
  readonly #screen: Screen
  #drawn = 0

  constructor(screen: Screen) {
    this.#screen = screen
  }

  /** Whether lines can be drawn over: without a terminal only `say` makes sense. */
  get isLive(): boolean {
    return this.#screen.isTTY === true
  }

  /** A line that wraps would count as one and be drawn over by half. A terminal of no known width says 0. */
  get columns(): number {
    return (this.#screen.columns || columnsAssumed) - 1
  }

  /** The block is these lines from now on, each cut to `columns`. */
  draw(lines: ReadonlyArray<string>): void {
    this.#screen.write(`${this.#back}${lines.map((line) => `${cut(line, this.columns)}\n`).join("")}`)
    this.#drawn = lines.length
  }

  /** A line that stays; the block is drawn below it by the next `draw`. */
  say(text: string): void {
    this.#screen.write(`${this.#back}${text}\n`)
    this.#drawn = 0
  }

  /** To where the block begins, and nothing behind it. */
  get #back(): string {
    return this.#drawn === 0 ? "" : `\u001B[${this.#drawn}A\u001B[J`
  }
}

/** Colours have no width. */
const cut = (line: string, columns: number): string => {
  const plain = line.replaceAll(colours, "")
  return plain.length <= columns ? line : plain.slice(0, columns)
}

const columnsAssumed = 80
// oxlint-disable-next-line no-control-regex
const colours = /\u001B\[\d+m/g
