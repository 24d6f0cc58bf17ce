/** The fate of one datagram. */
export type Fate = "Passes" | "Lost" | "Held"

export interface FaultRates {
  /** 0–1. */
  readonly loss: number
  /** 0–1, of those that are not lost. */
  readonly reorder: number
  readonly reorderMillis: number
}

interface Held<T> {
  readonly at: number
  readonly datagram: T
}

/** Loses datagrams and holds some back, so that later ones overtake them. Each direction of a process has one. */
export class FaultyPath<T> {
  readonly #rates: FaultRates
  readonly #random: () => number
  /** All are held for the same time, so they leave in the order in which they came. */
  readonly #held: Array<Held<T>> = []
  #lost = 0
  #reordered = 0

  /** `random` in [0, 1). */
  constructor(rates: FaultRates, random: () => number) {
    this.#rates = rates
    this.#random = random
  }

  get isClean(): boolean {
    return this.#rates.loss === 0 && this.#rates.reorder === 0
  }

  /** Milliseconds; `Infinity` if nothing is held. */
  get nextRelease(): number {
    return this.#held[0]?.at ?? Infinity
  }

  fateOf(datagram: T, now: number): Fate {
    if (this.#random() < this.#rates.loss) {
      this.#lost++
      return "Lost"
    }
    if (this.#random() >= this.#rates.reorder) return "Passes"
    this.#reordered++
    this.#held.push({ at: now + this.#rates.reorderMillis, datagram })
    return "Held"
  }

  /** How many datagrams were lost and held back since the last call. */
  take(): { readonly lost: number; readonly reordered: number } {
    const taken = { lost: this.#lost, reordered: this.#reordered }
    this.#lost = 0
    this.#reordered = 0
    return taken
  }

  release(now: number, deliver: (datagram: T) => void): void {
    while (this.nextRelease <= now) deliver(this.#held.shift()!.datagram)
  }
}
