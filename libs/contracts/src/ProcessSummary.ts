import * as Schema from "effect/Schema"

/** How often each process tells of itself. */
export const summaryEveryMillis = 1_000

/** A process that told nothing of itself for so long is gone. */
export const summarySilenceMillisMax = 5_000

/**
 * `roost.summary.{app}`: what a process tells of itself once a second; nobody stores it. Counts are since its start, so that a lost
 * message loses nothing.
 */
export const ProcessSummary = Schema.Struct({
  app: Schema.String,
  node: Schema.String,
  host: Schema.String,
  version: Schema.String,
  /** Of Node. */
  nodeVersion: Schema.String,
  /** Its start, milliseconds since 1970. */
  since: Schema.Finite,
  ready: Schema.Boolean,
  /** The failing parts, by the name of the check. */
  checks: Schema.Record(Schema.String, Schema.String),
  /** Seconds of CPU since its start. */
  cpuSeconds: Schema.Finite,
  memoryBytes: Schema.Finite,
  lagMillis: Schema.Finite,
  /** Such as `uplinks`, `handshakes`, `requests`. */
  counts: Schema.Record(Schema.String, Schema.Finite),
  /** By what was refused and why, such as `request.4.03`. */
  refusals: Schema.Record(Schema.String, Schema.Finite),
  /** Commands that wait, by state; of downlink-queue only. */
  waiting: Schema.optionalKey(Schema.Record(Schema.String, Schema.Finite))
})
export type ProcessSummary = typeof ProcessSummary.Type
