/** A trace that shows what one observation was. Only the OpenMetrics answer has them. */
export interface Exemplar {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  readonly value: number
  /** Seconds since 1970. */
  readonly at: number
}

/** Counts observations in fixed buckets. */
export class Histogram {
  /** Upper bounds, ascending. */
  readonly bounds: ReadonlyArray<number>
  /** Observations per bound, the last one above all bounds. Not cumulative. */
  readonly counts: Float64Array
  sum = 0
  /** The newest of each bucket; there are none before the first one. */
  exemplars: Array<Exemplar | undefined> | undefined

  constructor(bounds: ReadonlyArray<number> = latencyBounds) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    this.counts[this.#bucketOf(value)]!++
    this.sum += value
  }

  /** Remembers a trace of an observation, beside `observe`. */
  exemplify(exemplar: Exemplar): void {
    this.exemplars ??= Array.from({ length: this.counts.length })
    this.exemplars[this.#bucketOf(exemplar.value)] = exemplar
  }

  #bucketOf(value: number): number {
    const { bounds } = this
    let i = 0
    while (i < bounds.length && value > bounds[i]!) i++
    return i
  }
}

/** Seconds, for latencies from a fraction of a millisecond to the CoAP retransmission span. */
export const latencyBounds: ReadonlyArray<number> = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 45
]

/** Seconds, for what waits until a sleeping device comes: from a tenth of a second to a week. */
export const waitBounds: ReadonlyArray<number> = [
  0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400, 43_200, 86_400, 604_800
]
