/**
 * When the events of a steady rate are due. The n-th is due at `start + n / rate`, however late the ones before it were.
 * A server that stalls does not slow the schedule down, and a latency counted from here has no coordinated omission.
 */
export class RateSchedule {
  readonly #start: number
  readonly #millisEach: number
  #taken = 0

  /** `start` in milliseconds. A rate of 0 is never due. */
  constructor(start: number, perSecond: number) {
    this.#start = start
    this.#millisEach = perSecond > 0 ? 1000 / perSecond : Infinity
  }

  /** When the next one is due, in milliseconds; `Infinity` if never. */
  get next(): number {
    // 0 × Infinity is no number.
    return this.#millisEach === Infinity ? Infinity : this.#start + this.#taken * this.#millisEach
  }

  isDue(now: number): boolean {
    return this.next <= now
  }

  /** Takes the next one and says when it was due. */
  take(): number {
    const due = this.next
    this.#taken++
    return due
  }

  /** Those that are due and were not taken. */
  backlog(now: number): number {
    return this.isDue(now) ? Math.floor((now - this.next) / this.#millisEach) + 1 : 0
  }
}
