import { calmMillisMax, tickMillis } from "@roost/actors"
import type { Schedule } from "./Schedule.ts"

/** `Ticker` in simulated time: one timer of a process, at the nearest moment that was asked for. */
export class Ticks {
  readonly #plan: Schedule["plan"]
  readonly #process: (run: () => void) => void
  readonly #tick: () => void
  readonly #now: () => number
  #at = Infinity

  /** `process` runs something in the process, which may be paused or over. */
  constructor(
    schedule: { readonly plan: Schedule["plan"]; readonly now: () => number },
    process: (run: () => void) => void,
    tick: () => void
  ) {
    this.#plan = schedule.plan
    this.#now = schedule.now
    this.#process = process
    this.#tick = tick
  }

  /** There is something to do after `quietMillis`, or as soon as may be. */
  within(quietMillis: number): void {
    const delay = quietMillis <= 0 ? tickMillis : Math.min(Math.ceil(quietMillis), calmMillisMax)
    const at = this.#now() + delay
    if (at >= this.#at) return
    this.#at = at
    this.#plan(delay, () => {
      if (this.#at !== at) return
      this.#process(() => {
        this.#at = Infinity
        this.#tick()
      })
    })
  }
}
