import { deletionMillisMax } from "./Limits.ts"

/**
 * How much of a long work is done at one go. It is half as much as the last time when that took longer than
 * `deletionMillisMax`. It is twice as much when that took less than half of the limit. It is `most` at most and 1 at least. It begins
 * with an eighth of `most`: how long one takes is not known yet.
 */
export class Step {
  readonly #most: number
  #size: number

  constructor(most: number) {
    this.#most = most
    this.#size = Math.max(1, most >> 3)
  }

  get size(): number {
    return this.#size
  }

  took(millis: number): void {
    if (millis > deletionMillisMax) this.#size = Math.max(1, this.#size >> 1)
    else if (millis < deletionMillisMax / 2) this.#size = Math.min(this.#most, this.#size * 2)
  }
}
