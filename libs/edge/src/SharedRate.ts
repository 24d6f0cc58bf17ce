import { type Allowance, allowance, Allowances, sourceOf, take } from "@roost/bounded"

export interface SharedRateLimits {
  readonly perSecondMax: number
  /** The same of one source, and how many it may save up, while less than half of the above is left. */
  readonly perSourceSecondMax: number
  readonly perSourceBurstMax: number
  /** Sources whose rate is remembered. */
  readonly sourcesMax: number
}

/**
 * A rate of what datagrams cost whose addresses nothing proves. A forger could use up the rate of anybody's source. So a source pays only
 * where a flood leaves less than half of what there is for all. Pure.
 */
export class SharedRate {
  readonly #perSecondMax: number
  readonly #ofSource: Allowances<number | string>
  readonly #ofAll: Allowance

  constructor(now: number, limits: SharedRateLimits) {
    this.#perSecondMax = limits.perSecondMax
    this.#ofSource = new Allowances({
      perSecond: limits.perSourceSecondMax,
      burst: limits.perSourceBurstMax,
      max: limits.sourcesMax
    })
    this.#ofAll = allowance(now, limits.perSecondMax)
  }

  /** False, and nothing is taken, where nothing is left. */
  take(now: number, peerKey: number | string): boolean {
    if (!take(this.#ofAll, now, this.#perSecondMax, this.#perSecondMax)) return false
    const isScarce = this.#ofAll.left < this.#perSecondMax / 2
    if (!isScarce || this.#ofSource.take(now, sourceOf(peerKey))) return true
    this.#ofAll.left++
    return false
  }
}
