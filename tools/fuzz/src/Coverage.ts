/**
 * Which counters inputs have reached, and how often within one run: 1, 2, 3, 4–7, 8–15, 16–31, 32–127 and more times are
 * eight different things. So a loop that goes round more often is progress, and one more round is not.
 */
export class Coverage {
  readonly counters: Uint32Array
  readonly #seen: Uint8Array

  constructor(counters: number) {
    this.counters = new Uint32Array(counters)
    this.#seen = new Uint8Array(counters)
  }

  /** Places that were reached by any input so far. */
  get places(): number {
    let places = 0
    for (const seen of this.#seen) if (seen !== 0) places++
    return places
  }

  clear(): void {
    this.counters.fill(0)
  }

  /** Adds what the last run reached; true where no run before it reached that. */
  merge(): boolean {
    const { counters } = this
    const seen = this.#seen
    let isNew = false
    for (let i = 0; i < counters.length; i++) {
      const times = counters[i]!
      if (times === 0) continue
      const bit = 1 << classOf(times)
      if ((seen[i]! & bit) !== 0) continue
      seen[i]! |= bit
      isNew = true
    }
    return isNew
  }
}

const classOf = (times: number): number => {
  if (times < 4) return times - 1
  if (times < 8) return 3
  if (times < 16) return 4
  if (times < 32) return 5
  return times < 128 ? 6 : 7
}
