/** Lines of one kind in a minute, and of all kinds together; what is more is counted. A line that ends the process always is told. */
export const logLimits = { perKindMax: 20, perMinuteMax: 300, kindsMax: 200 } as const

const minuteMillis = 60_000
/** Kinds that the summary names. */
const namedMax = 5
/** Characters by which kinds differ. */
const kindLengthMax = 80

/**
 * Keeps a log readable whatever comes. Of lines that differ in names and numbers only, the first of each minute are told. The
 * rest become one line when the minute is over. Pure: the time comes with each call, in milliseconds.
 */
export class LogThrottle {
  #since = -Infinity
  #told = 0
  readonly #kinds = new Map<string, { told: number; leftOut: number }>()
  #leftOut = 0

  /** Whether to tell this line. */
  take(now: number, level: string, message: string): boolean {
    if (now - this.#since >= minuteMillis && this.#leftOut === 0) this.#begin(now)
    const kind = this.#kindOf(`${level} ${kindOf(message)}`)
    const tells = level === "FATAL" || (kind.told < logLimits.perKindMax && this.#told < logLimits.perMinuteMax)
    if (tells) {
      kind.told++
      this.#told++
    } else {
      kind.leftOut++
      this.#leftOut++
    }
    return tells
  }

  /** Milliseconds until the summary is due; undefined: nothing was left out. */
  dueIn(now: number): number | undefined {
    return this.#leftOut === 0 ? undefined : Math.max(0, this.#since + minuteMillis - now)
  }

  /** The summary of the lines that were left out since the last one; undefined if there were none. */
  summary(now: number): string | undefined {
    const kinds = [...this.#kinds].filter(([, { leftOut }]) => leftOut > 0).sort((a, b) => b[1].leftOut - a[1].leftOut)
    const leftOut = this.#leftOut
    this.#begin(now)
    if (leftOut === 0) return undefined
    const named = kinds.slice(0, namedMax).map(([kind, { leftOut }]) => `${leftOut} × ${kind}`)
    const others = kinds.length > namedMax ? [`and ${kinds.length - namedMax} other kinds`] : []
    return `${leftOut} lines of the last minute were left out: ${[...named, ...others].join("; ")}`
  }

  #begin(now: number): void {
    this.#since = now
    this.#told = 0
    this.#leftOut = 0
    this.#kinds.clear()
  }

  #kindOf(name: string): { told: number; leftOut: number } {
    const known = this.#kinds.get(name)
    if (known !== undefined) return known
    if (this.#kinds.size >= logLimits.kindsMax) return this.#kindOf("of other kinds")
    const kind = { told: 0, leftOut: 0 }
    this.#kinds.set(name, kind)
    return kind
  }
}

/** A message without what is particular: words with a digit, a slash or another sign of a name, and what is quoted. */
const kindOf = (message: string): string =>
  message
    .slice(0, 4 * kindLengthMax)
    .replaceAll(/"[^"]*"/g, "…")
    .replaceAll(/\S*[\d/@_=]\S*/g, "…")
    .slice(0, kindLengthMax)
