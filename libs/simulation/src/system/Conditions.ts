/** How a way treats what goes over it. */
export interface Disturbance {
  /** Of 1, lost, and arriving twice. */
  readonly loss: number
  readonly doubled: number
  /** Up to this much late: more than what comes between, so messages overtake each other. Milliseconds. */
  readonly lateMillis: number
}

/** The troubles of the moment, and those of before with their times. */
export class Conditions {
  readonly #disturbances: Record<"datagrams" | "frames", ReadonlyArray<Disturbance>> = { datagrams: [], frames: [] }
  /** Faults for which buckets and streams answer nothing, though the bus works. */
  storeAway = 0
  /** Processes that reach neither the bus nor the store. */
  readonly cut = new Set<string>()
  readonly faults: Array<FaultRecord> = []

  /** Between devices and edges. */
  get datagrams(): Disturbance {
    return this.#disturbances.datagrams.at(-1) ?? undisturbed
  }

  /** Between edges and nodes. */
  get frames(): Disturbance {
    return this.#disturbances.frames.at(-1) ?? undisturbed
  }

  /** Until the result is called. The newest one counts. */
  disturb(way: "datagrams" | "frames", disturbance: Disturbance): () => void {
    this.#disturbances[way] = [...this.#disturbances[way], disturbance]
    return () => {
      this.#disturbances[way] = this.#disturbances[way].filter((one) => one !== disturbance)
    }
  }

  reachesStore(process: string): boolean {
    return this.storeAway === 0 && !this.cut.has(process)
  }

  /** Nothing was wrong, and everything had healed, from one moment to another. `but`: a kind of fault that should do no harm. */
  isCalm(from: number, to: number, but?: string): boolean {
    return this.faults.every(({ at, endedAt, kind }) => kind === but || to < at || from > endedAt + healMillis)
  }
}

export interface FaultRecord {
  readonly kind: string
  readonly target: string
  readonly at: number
  /** Infinity while it lasts. */
  endedAt: number
  /** The store went back to what it was then. */
  readonly setBackTo?: number
}

const undisturbed: Disturbance = { loss: 0, doubled: 0, lateMillis: 0 }

/**
 * After this much nothing of a fault may be left. It covers a lease of 3.5 s with its margins. Then edges forget a node after 5 s of
 * silence, and what moved takes time to load.
 */
const healMillis = 15_000
