import { tickMillis } from "./TimerWheel.ts"

/**
 * The longest sleep of a ticker that was not woken: what is set without waking it is late by no more. It ends with a whole
 * period of the machine's monotonic clock, so that tickers with nothing to do wake the process, and the machine, together.
 */
export const calmMillisMax = 1_000

/**
 * Runs `work` every `tickMillis` while there is something to do, and else when `quietMillis` says that something is due, at
 * least once a `calmMillisMax`. Ten ticks a second that find nothing took 0.2 % of a core of every process.
 */
export class Ticker {
  readonly #work: () => void
  readonly #quietMillis: () => number
  readonly #run = () => this.#tick()
  #timer: NodeJS.Timeout | undefined
  /** The timer is further away than one tick. */
  #calm = false
  #woken = true

  /** `quietMillis`: for how long nothing is due if nothing happens; asked after `work`. */
  constructor(work: () => void, quietMillis: () => number) {
    this.#work = work
    this.#quietMillis = quietMillis
    this.#timer = setTimeout(this.#run, tickMillis)
  }

  /** Something happened that may have set a deadline: the next tick is at most `tickMillis` away. */
  wake(): void {
    this.#woken = true
    if (!this.#calm) return
    this.#calm = false
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#run, tickMillis)
  }

  /** Like `wake`, where asking what is due costs less than another tick. */
  reschedule(): void {
    if (this.#timer === undefined) return
    this.#woken = true
    clearTimeout(this.#timer)
    this.#sleep()
  }

  /** For good: nothing wakes it any more. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#calm = false
    this.#timer = undefined
  }

  #tick(): void {
    this.#woken = false
    // Set first: whatever `work` throws, there is another tick, as with an interval.
    this.#timer = setTimeout(this.#run, tickMillis)
    this.#work()
    if (this.#woken || this.#timer === undefined) return
    clearTimeout(this.#timer)
    this.#sleep()
  }

  /** Work that is overdue and was not done has to wait for a tick, too. */
  #sleep(): void {
    const quiet = Math.min(this.#quietMillis(), calmMillisMax - (monotonicMillis() % calmMillisMax))
    this.#calm = quiet > tickMillis
    this.#timer = setTimeout(this.#run, quiet <= 0 ? tickMillis : Math.ceil(quiet))
  }
}

const monotonicMillis = (): number => Number(process.hrtime.bigint() / 1_000_000n)
