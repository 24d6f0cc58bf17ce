import { type Allowance, take } from "./Allowance.ts"
import { BoundedMap } from "./BoundedMap.ts"

/**
 * An allowance for each key, of at most `max` keys. The one that was used the longest time ago is forgotten, and has a full
 * allowance when it comes back. So `max` should be more than the keys that use up theirs within `burst / perSecond` seconds.
 */
export class Allowances<K> {
  readonly perSecond: number
  readonly burst: number
  readonly #allowances: BoundedMap<K, Allowance>

  constructor(options: { readonly perSecond: number; readonly burst: number; readonly max: number }) {
    this.perSecond = options.perSecond
    this.burst = options.burst
    this.#allowances = new BoundedMap(options.max)
  }

  get size(): number {
    return this.#allowances.size
  }

  /** False where less than `cost` is left of the key's allowance. `now` in milliseconds. */
  take(now: number, key: K, cost = 1): boolean {
    const known = this.#allowances.get(key)
    if (known !== undefined) {
      this.#allowances.touch(key)
      return take(known, now, this.perSecond, this.burst, cost)
    }
    const fresh: Allowance = { left: this.burst, at: now }
    this.#allowances.set(key, fresh)
    return take(fresh, now, this.perSecond, this.burst, cost)
  }
}
