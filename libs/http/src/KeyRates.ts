/** Keys whose rate is counted at once; of more, the one that was quiet longest is forgotten, and so has its burst again. */
export const ratedKeysMax = 10_000
/** Requests that a key may make at once are its rate for so many seconds. */
export const burstSeconds = 2

/** A token bucket for each key that made requests lately. Per instance: a shared count would cost each request a question. */
export class KeyRates {
  readonly #buckets = new Map<string, { tokens: number; at: number }>()

  /** Takes one request of the key: 0, or the milliseconds until one is taken. `now`: milliseconds, monotonic. */
  take(id: string, perSecond: number, now: number): number {
    const burst = perSecond * burstSeconds
    const known = this.#buckets.get(id)
    const tokens = known === undefined ? burst : Math.min(burst, known.tokens + ((now - known.at) / 1_000) * perSecond)
    // The last that was used is the last to be forgotten.
    this.#buckets.delete(id)
    if (this.#buckets.size >= ratedKeysMax) this.#buckets.delete(this.#buckets.keys().next().value!)
    const taken = tokens >= 1
    this.#buckets.set(id, { tokens: taken ? tokens - 1 : tokens, at: now })
    return taken ? 0 : ((1 - tokens) / perSecond) * 1_000
  }
}
