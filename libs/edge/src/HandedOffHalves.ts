import { FairMap, sourceOf } from "@roost/bounded"

export interface HandedOffLimits {
  /** Halves that are kept; the source with the most loses its oldest when there are more. */
  readonly halvesMax: number
  /** A longer one is not kept: nothing that Roost serves makes one. */
  readonly halfBytesMax: number
  readonly millisMax: number
}

interface Kept {
  readonly half: Uint8Array
  readonly at: number
  /** The fencing token of the owner that it was handed to; undefined if nobody was known. */
  token: number | undefined
}

/**
 * Halves of handshakes that an owner was given and did not confirm yet. An owner that dies, or gives its partition up,
 * takes them with it: the device's next retransmission takes the half to the next owner. Pure.
 */
export class HandedOffHalves {
  readonly #limits: HandedOffLimits
  readonly #kept: FairMap<number | string, Kept>

  constructor(limits: HandedOffLimits) {
    this.#limits = limits
    this.#kept = new FairMap(limits.halvesMax)
  }

  get size(): number {
    return this.#kept.size
  }

  /** `half` is copied: it lies in memory that many short-lived ones share. */
  keep(now: number, peerKey: number | string, token: number | undefined, half: Uint8Array): void {
    if (half.length > this.#limits.halfBytesMax) this.#kept.delete(peerKey)
    else this.#kept.set(sourceOf(peerKey), peerKey, { half: new Uint8Array(half), at: now, token })
  }

  /** The owner has the session. */
  confirmed(peerKey: number | string): void {
    this.#kept.delete(peerKey)
  }

  /** What an owner with this token has not been given yet, once. */
  forOwner(now: number, peerKey: number | string, token: number | undefined): Uint8Array | undefined {
    const kept = this.#kept.get(peerKey)
    if (kept === undefined || token === undefined || kept.token === token) return undefined
    if (now - kept.at > this.#limits.millisMax) {
      this.#kept.delete(peerKey)
      return undefined
    }
    kept.token = token
    return kept.half
  }

  /** Forgets those whose time is over. */
  expire(now: number): void {
    for (let oldest = this.#kept.oldest(); oldest !== undefined; oldest = this.#kept.oldest()) {
      if (now - oldest[1].at <= this.#limits.millisMax) return
      this.#kept.delete(oldest[0])
    }
  }
}
