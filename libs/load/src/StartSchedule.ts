import { RateSchedule } from "./RateSchedule.ts"

/** When devices of a fleet begin their handshakes, or wake up: one after another, by index, spread evenly over a time. */
export class StartSchedule {
  #times = new RateSchedule(0, 0)
  #next = 0
  #until = 0

  /** The devices from `from` to before `until`, over no time at all unless `overSeconds` is more than 0. */
  begin(now: number, from: number, until: number, overSeconds: number): void {
    this.#times = new RateSchedule(now, overSeconds > 0 ? (until - from) / overSeconds : atOncePerSecond)
    this.#next = from
    this.#until = until
  }

  /** Those that have not begun don't. */
  end(): void {
    this.#next = this.#until
  }

  /** The next device whose time has come, with that time. */
  take(now: number): { readonly index: number; readonly due: number } | undefined {
    if (this.#next >= this.#until || !this.#times.isDue(now)) return undefined
    return { index: this.#next++, due: this.#times.take() }
  }
}

const atOncePerSecond = 1e12
