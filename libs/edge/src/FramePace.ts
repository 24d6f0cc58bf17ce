/**
 * Turns that send frames are at least this far apart, in milliseconds; the least that a timer of Node measures. With it
 * 7 000 uplinks a second cost a quarter less CPU, and 64 under way a tenth less (docs/performance/log.md).
 */
export const frameIntervalMillis = 1

/**
 * After so long without a frame, in milliseconds, the next is alone: nothing is likely to come within its interval. The timer that
 * ended it woke the process for nothing, once for each of 200 uplinks a second. The socket left epoll and came back for it.
 */
export const aloneMillis = 2 * frameIntervalMillis

/** The source of the datagrams; one that can't be paused goes on, and they wait in frames that are not sent yet. */
export interface DatagramSource {
  pause(): void
  resume(): void
}

/**
 * When the frames of a turn are sent: at once if none were for a millisecond, else when that is over. Behind a frame that was
 * alone they go at once, too. So a device that is alone never waits. The busier the edge the more datagrams share a frame. They share
 * its write to the stream and the wake-ups of every process on the way. They wait in the kernel, which does not wake this process for each.
 */
export class FramePace {
  readonly #flush: () => boolean
  readonly #source: DatagramSource
  readonly #now: () => number
  #sentAt = -Infinity
  #interval: NodeJS.Timeout | undefined

  /** `flush` sends what there is, and returns false if that was nothing; `now` in milliseconds of a clock that is never set. */
  constructor(flush: () => boolean, source: DatagramSource, now: () => number) {
    this.#flush = flush
    this.#source = source
    this.#now = now
  }

  /** A turn of the event loop ends, or has nothing but the frames that waited. */
  endTurn(): void {
    if (this.#interval !== undefined || !this.#flush()) return
    const now = this.#now()
    const isAlone = now - this.#sentAt >= aloneMillis
    this.#sentAt = now
    if (isAlone) return
    this.#interval = setTimeout(this.#goOn, frameIntervalMillis)
    this.#source.pause()
  }

  /** Sends what waited. */
  stop(): void {
    clearTimeout(this.#interval)
    this.#flush()
  }

  readonly #goOn = (): void => {
    this.#interval = undefined
    this.#source.resume()
    this.endTurn()
  }
}
