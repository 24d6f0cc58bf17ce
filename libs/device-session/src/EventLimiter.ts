/** An event of the same kind about the same device at most once in this time; the next one tells how many were left out. */
export const eventIntervalMillis = 10_000

/** Devices and kinds that are remembered at once. */
export const eventKeysMax = 20_000

/**
 * Keeps a device that fails in a loop (D15: a wrong key, retried without pause) from filling the event stream. Pure but
 * for its own table, which forgets the oldest first.
 */
export class EventLimiter {
  readonly #seen = new Map<string, { openAt: number; left: number }>()

  /** Undefined: leave this one out. Otherwise how many of its kind were left out before it. */
  admit(now: number, key: string): number | undefined {
    const seen = this.#seen.get(key)
    if (seen !== undefined && now < seen.openAt) {
      seen.left++
      return undefined
    }
    this.#seen.delete(key)
    if (this.#seen.size >= eventKeysMax) this.#seen.delete(this.#seen.keys().next().value!)
    this.#seen.set(key, { openAt: now + eventIntervalMillis, left: 0 })
    return seen?.left ?? 0
  }
}
