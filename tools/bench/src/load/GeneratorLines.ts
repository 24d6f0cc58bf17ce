/** The orders to the load's process, one line each: the verbs of its fleet. */
export type GeneratorCommand =
  | { readonly do: "grow"; readonly devices: number }
  | {
      readonly do: "connect"
      readonly first: number
      readonly count: number
      readonly resume: boolean
      readonly inFlightMax: number
      readonly thenLeave: boolean
    }
  | { readonly do: "leave" }
  | {
      readonly do: "load"
      readonly seconds: number
      readonly requestsInFlight: number
      /** 0: closed loop. */
      readonly ratePerSecond: number
    }

export interface ConnectResult {
  readonly seconds: number
  /** Resumed ones included. */
  readonly established: number
  readonly resumed: number
  /** By kind. */
  readonly failures: Readonly<Record<string, number>>
}

export interface LoadResult {
  readonly seconds: number
  readonly answered: number
  readonly retransmitted: number
  readonly lost: number
  /** Milliseconds from when a request was due until its answer; null if nothing was answered. */
  readonly p50: number | null
  readonly p99: number | null
  readonly p999: number | null
  /** Share of a core that the load's process used. Near 1 it was the bottleneck and rates are lower bounds. */
  readonly busy: number
}
