/** Refusals one after the other from which on a stream counts as one that takes nothing, and for how long. */
const refusalsMin = 3
const believedMillis = 5_000

/** The fate of the last messages for a stream, for `/readyz`. Times in milliseconds of one clock. */
export class StoreOutcomes {
  readonly #stream: string
  #refusals = 0
  #refusedAt = -Infinity
  #why = ""

  constructor(stream: string) {
    this.#stream = stream
  }

  stored(): void {
    this.#refusals = 0
  }

  refused(now: number, why: string): void {
    this.#refusals++
    this.#refusedAt = now
    this.#why = why
  }

  problem(now: number): string | undefined {
    return this.#refusals < refusalsMin || now - this.#refusedAt > believedMillis
      ? undefined
      : `the last ${this.#refusals} messages for ${this.#stream} were not stored (${this.#why})`
  }
}
