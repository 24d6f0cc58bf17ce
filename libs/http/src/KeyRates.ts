import { BoundedMap } from "@roost/bounded"

/** Keys whose rate is counted at once; of more, the one that was quiet longest is forgotten, and so has its burst again. */
export const ratedKeysMax = 10_000
/** Requests that a key may make at once are its rate for so many seconds. */
export const burstSeconds = 2
/** Requests that other processes let through are held against a key for so many seconds of its rate at most. */
export const owedSecondsMax = 60

/** Requests that a key made at one process since it told last. */
export interface KeyUse {
  readonly id: string
  readonly taken: number
  readonly perSecond: number
}

interface Bucket {
  /** Requests that were made and are not yet allowed again by the passing of time. */
  spent: number
  at: number
  perSecond: number
  /** Since it was told last. */
  taken: number
}

/**
 * A leaky bucket for each key that made requests lately. A shared count would cost each request a question; processes tell each other
 * once a second instead (`SharedRates`). So the rate holds over all of them. Before it hears of the others, each lets through its burst
 * and a second of the rate.
 */
export class KeyRates {
  readonly #buckets = new BoundedMap<string, Bucket>(ratedKeysMax)

  /** Takes one request of the key: 0, or the milliseconds until one is taken. `now`: milliseconds, monotonic. */
  take(id: string, perSecond: number, now: number): number {
    const bucket = this.#bucketAt(id, perSecond, now)
    const burst = perSecond * burstSeconds
    if (bucket.spent + 1 > burst) return ((bucket.spent + 1 - burst) / perSecond) * 1_000
    bucket.spent++
    bucket.taken++
    return 0
  }

  /** Holds against a key what it did elsewhere. */
  note({ id, perSecond, taken }: KeyUse, now: number): void {
    const bucket = this.#bucketAt(id, perSecond, now)
    bucket.spent = Math.min(bucket.spent + taken, perSecond * owedSecondsMax)
  }

  /** The requests that were taken here since this was asked last. */
  sinceLast(): ReadonlyArray<KeyUse> {
    const uses: Array<KeyUse> = []
    for (const [id, bucket] of this.#buckets) {
      if (bucket.taken === 0) continue
      uses.push({ id, taken: bucket.taken, perSecond: bucket.perSecond })
      bucket.taken = 0
    }
    return uses
  }

  #bucketAt(id: string, perSecond: number, now: number): Bucket {
    const known = this.#buckets.get(id)
    const spent = known === undefined ? 0 : Math.max(0, known.spent - ((now - known.at) / 1_000) * perSecond)
    const bucket = { spent, at: now, perSecond, taken: known?.taken ?? 0 }
    // The last that was used is the last to be forgotten.
    this.#buckets.set(id, bucket)
    return bucket
  }
}
