/** What the load's process is told, one line each. */
export type GeneratorCommand =
  | {
      readonly do: "connect"
      readonly first: number
      readonly count: number
      readonly resume: boolean
      readonly underWayMax: number
      readonly leave: boolean
    }
  | { readonly do: "leave" }
  | { readonly do: "load"; readonly seconds: number; readonly inFlight: number; readonly ratePerSecond?: number }

export interface ConnectResult {
  readonly seconds: number
  /** Resumed ones included. */
  readonly established: number
  readonly resumed: number
  readonly failures: Readonly<Record<string, number>>
}

export interface LoadResult {
  readonly seconds: number
  readonly answered: number
  readonly retransmitted: number
  readonly lost: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly p999: number
  /** Share of a core that the load's process used. Near 1 it was the bottleneck and rates are lower bounds. */
  readonly busy: number
}

/** Of latencies in ascending order: the smallest that this share of all does not exceed. */
export const percentiles = (ascending: Float64Array): Pick<LoadResult, "p50" | "p99" | "p999"> => {
  const at = (share: number) => ascending[Math.max(0, Math.ceil(share * ascending.length) - 1)] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999) }
}
