import { type Allowance, allowance, BoundedMap, take } from "@roost/bounded"

/** An event of the same kind about the same device at most once in this time; the next one tells how many were left out. */
export const eventIntervalMillis = 10_000

/** Devices and kinds that are remembered at once. */
export const eventKeysMax = 10_000

/** Reasons of one kind that are told in one interval. A reason may quote the device, which could make up any number. */
export const eventReasonsMax = 4

/** Events of all devices of this node per second, and how many may be saved up. */
export const eventsPerSecondMax = 500
export const eventsBurstMax = 2_000

/** Of what may be saved up, the share that a device's second and later events of a kind leave for first ones. */
const keptForFirsts = eventsBurstMax / 2

interface Told {
  readonly reasons: Array<string>
  readonly openAt: number
  left: number
}

/**
 * Keeps a device that fails in a loop (D15: a wrong key, retried without pause) from filling the event stream, and all of
 * them together. A reason that was not told yet gets through: what an operator waits for may be what changed since. Pure
 * but for its own table, which forgets the oldest first; each call is O(1).
 */
export class EventLimiter {
  readonly #told = new BoundedMap<string, Told>(eventKeysMax)
  readonly #allowance: Allowance = allowance(0, eventsBurstMax)

  /** Undefined: leave this one out. Otherwise how many of its kind were left out before it. */
  admit(now: number, key: string, reason: string): number | undefined {
    const told = this.#told.get(key)
    if (told !== undefined && now < told.openAt) {
      if (told.reasons.includes(reason) || told.reasons.length >= eventReasonsMax || !this.#take(now, keptForFirsts)) {
        told.left++
        return undefined
      }
      told.reasons.push(reason)
      const { left } = told
      told.left = 0
      return left
    }
    const kept = told === undefined ? 0 : keptForFirsts
    if (!this.#take(now, kept)) {
      if (told !== undefined) told.left++
      return undefined
    }
    this.#told.set(key, { reasons: [reason], openAt: now + eventIntervalMillis, left: 0 })
    return told?.left ?? 0
  }

  #take(now: number, kept: number): boolean {
    // A cost of 0 brings `left` up to date.
    take(this.#allowance, now, eventsPerSecondMax, eventsBurstMax, 0)
    return this.#allowance.left >= 1 + kept && take(this.#allowance, now, eventsPerSecondMax, eventsBurstMax)
  }
}
