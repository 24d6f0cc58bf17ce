/** The limits on one node's reports and memory of strangers. */
export interface StrangerLimits {
  /** Refusals told per second, and how many may be saved up: at most the sum of both in any second. */
  readonly toldPerSecond: number
  readonly toldBurst: number
  /** Of the burst, what repetitions leave for those that were never heard of. */
  readonly keptForFirsts: number
  /** Sources whose first refusal waits to be told. */
  readonly firstsMax: number
  /** Other refusals that wait, of all sources and of one. */
  readonly othersMax: number
  readonly othersPerSourceMax: number
  /** Sources that are known to have been told of, and refusals that were told; for how long, in milliseconds. */
  readonly knownMax: number
  readonly knownMillis: number
  /** How often a summary is told while anything was left out, and how many sources it names. */
  readonly summaryMillis: number
  readonly busiestMax: number
  /** Sources that are counted for a summary. */
  readonly countedMax: number
  /** Characters of a reason. */
  readonly reasonLengthMax: number
}

export const strangerLimits: StrangerLimits = {
  toldPerSecond: 10,
  toldBurst: 10,
  keptForFirsts: 5,
  firstsMax: 1000,
  othersMax: 1000,
  othersPerSourceMax: 50,
  knownMax: 20_000,
  knownMillis: 600_000,
  summaryMillis: 10_000,
  busiestMax: 10,
  countedMax: 1000,
  reasonLengthMax: 600
}
