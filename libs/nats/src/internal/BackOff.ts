/** How long to wait between attempts of which none succeeds: doubled from one round of attempts to the next, up to a limit. */
export class BackOff {
  readonly #millisMin: number
  readonly #millisMax: number
  #failures = 0
  /** A round fails once, however many of its attempts do. */
  #hasFailed = false

  constructor(millisMin: number, millisMax: number) {
    this.#millisMin = millisMin
    this.#millisMax = millisMax
  }

  get isFailing(): boolean {
    return this.#failures > 0
  }

  /** Until the next round. */
  get millis(): number {
    return Math.min(this.#millisMax, this.#millisMin * 2 ** Math.max(0, this.#failures - 1))
  }

  /** A round begins; whether the one before failed, so that one attempt is enough to see. */
  begin(): boolean {
    this.#hasFailed = false
    return this.isFailing
  }

  stored(): void {
    this.#failures = 0
  }

  failed(): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#failures++
  }
}
