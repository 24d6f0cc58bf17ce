import { GenerationMap } from "./GenerationMap.ts"

/** A token bucket per address and port for what costs more than a look-up: handshake messages. */
export class HandshakeRates {
  readonly #buckets: GenerationMap<number | string, { left: number; at: number }>
  readonly #perSecond: number
  readonly #burst: number

  constructor(perSecond: number, burst: number, max: number) {
    this.#perSecond = perSecond
    this.#burst = burst
    this.#buckets = new GenerationMap(max)
  }

  take(now: number, key: number | string): boolean {
    const bucket = this.#buckets.get(key)
    if (bucket === undefined) {
      this.#buckets.set(key, { left: this.#burst - 1, at: now })
      return true
    }
    const earned = (Math.max(0, now - bucket.at) * this.#perSecond) / 1000
    const left = Math.min(this.#burst, bucket.left + earned)
    bucket.at = now
    bucket.left = left < 1 ? left : left - 1
    return left >= 1
  }
}
