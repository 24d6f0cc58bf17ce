/** An event of the same kind about the same device at most once in this time; the next one tells how many were left out. */
export const eventIntervalMillis = 10_000

/** Devices and kinds that are remembered at once. */
export const eventKeysMax = 20_000

/** Reasons of one kind that are told in one interval. A reason may quote the device, which could make up any number. */
export const eventReasonsMax = 4

interface Told {
  readonly reasons: Array<string>
  readonly openAt: number
  left: number
}

/**
 * Keeps a device that fails in a loop (D15: a wrong key, retried without pause) from filling the event stream. A reason
 * that was not told yet gets through: what an operator waits for may be what changed since. Pure but for its own table,
 * which forgets the oldest first.
 */
export class EventLimiter {
  readonly #told = new Map<string, Told>()

  /** Undefined: leave this one out. Otherwise how many of its kind were left out before it. */
  admit(now: number, key: string, reason: string): number | undefined {
    const told = this.#told.get(key)
    if (told !== undefined && now < told.openAt) {
      if (told.reasons.includes(reason) || told.reasons.length >= eventReasonsMax) {
        told.left++
        return undefined
      }
      told.reasons.push(reason)
      const { left } = told
      told.left = 0
      return left
    }
    this.#told.delete(key)
    if (this.#told.size >= eventKeysMax) this.#told.delete(this.#told.keys().next().value!)
    this.#told.set(key, { reasons: [reason], openAt: now + eventIntervalMillis, left: 0 })
    return told?.left ?? 0
  }
}
