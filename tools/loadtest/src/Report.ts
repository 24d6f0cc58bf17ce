import { Schema } from "effect"
import { LoadConfig } from "./LoadConfig.ts"

/** Of the JSON; raised when a field changes its meaning or goes. */
export const reportVersion = 1

const Count = Schema.Int
const Seconds = Schema.Finite
const Bytes = Schema.Int

/** Milliseconds. Null percentiles mean that nothing was measured. */
export const Latency = Schema.Struct({
  count: Count,
  mean: Schema.NullOr(Schema.Finite),
  p50: Schema.NullOr(Schema.Finite),
  p90: Schema.NullOr(Schema.Finite),
  p99: Schema.NullOr(Schema.Finite),
  p999: Schema.NullOr(Schema.Finite),
  max: Schema.NullOr(Schema.Finite)
})
export type Latency = typeof Latency.Type

/** By `ErrorKind`; only the kinds that happened. */
export const ErrorsByKind = Schema.Record(Schema.String, Count)

/** The counts of an interval, over all devices and processes of the tool. */
export const Counts = Schema.Struct({
  fullHandshakes: Count,
  resumedHandshakes: Count,
  failedHandshakes: Count,
  /** First transmissions of requests, commands' included. */
  requests: Count,
  /** Responses that verified. */
  responses: Count,
  /** Everything else: see `errorsByKind`. */
  errors: Count,
  errorsByKind: ErrorsByKind,
  /** Of CoAP messages and of handshake flights. */
  retransmissions: Count,
  /** Answers to exchanges that were over: harmless where something was retransmitted. */
  duplicates: Count,
  /** Times a device had no message id left that is older than EXCHANGE_LIFETIME (RFC 7252 §4.4). */
  messageIdStalls: Count,
  commandsFetched: Count,
  commandsReplied: Count,
  rebindings: Count,
  datagramsLostOnPurpose: Count,
  datagramsReorderedOnPurpose: Count
})
export type Counts = typeof Counts.Type

export const phaseNames = ["connect", "warmup", "steady", "drain", "idle", "reconnect", "storm"] as const
export const PhaseName = Schema.Literals(phaseNames)
export type PhaseName = typeof PhaseName.Type

export const Phase = Schema.Struct({
  name: PhaseName,
  /** Since the start of the run. */
  startSeconds: Seconds,
  seconds: Seconds,
  ...Counts.fields,
  handshakesPerSecond: Schema.Finite,
  requestsPerSecond: Schema.Finite,
  responsesPerSecond: Schema.Finite,
  /** Of verified responses, from the first transmission (closed loop) or from the intended one (open loop, storm). */
  latency: Latency,
  /** From the first ClientHello to the verified Finished. */
  handshakeLatency: Latency,
  toolCpuSeconds: Seconds,
  /** Server CPU in this phase, in the order of `servers`. */
  serverCpuSeconds: Schema.Array(Seconds),
  /** Resident memory at the end of this phase, in the order of `servers`. */
  serverRssBytes: Schema.Array(Bytes)
})
export type Phase = typeof Phase.Type

/** A local process that works for the server, read from /proc. */
export const ServerProcess = Schema.Struct({
  name: Schema.String,
  pid: Schema.Int,
  /** User and system time of all its threads in the phase `steady`. */
  cpuSecondsDuringLoad: Seconds,
  /** In the phases `connect` and `reconnect`. */
  cpuSecondsDuringHandshakes: Seconds,
  /** Before the first device came. */
  rssBytesBefore: Bytes,
  /** When all devices were online and nothing else had happened. */
  rssBytesConnected: Bytes,
  /** At the end. */
  rssBytes: Bytes
})
export type ServerProcess = typeof ServerProcess.Type

/** About a second of the run. */
export const Sample = Schema.Struct({
  atSeconds: Seconds,
  seconds: Seconds,
  phase: PhaseName,
  online: Count,
  inFlight: Count,
  handshakes: Count,
  requests: Count,
  responses: Count,
  errors: Count,
  retransmissions: Count,
  latency: Latency,
  handshakeLatency: Latency,
  /** Cores, the tool's processes together. */
  toolCpu: Schema.Finite,
  /** Cores, in the order of `servers`. */
  serverCpu: Schema.Array(Schema.Finite),
  serverRssBytes: Schema.Array(Bytes),
  /** p99 of the worst process' event loop. */
  loopLagMillis: Schema.Finite
})
export type Sample = typeof Sample.Type

/** The report that `npm run loadtest -- --json FILE` writes. */
export const Report = Schema.Struct({
  version: Schema.Literal(reportVersion),
  /** ISO 8601. */
  startedAt: Schema.String,
  seconds: Seconds,
  config: LoadConfig,
  totals: Counts,
  phases: Schema.Array(Phase),
  /** Of the phase `steady`; null percentiles if there was none. */
  latency: Latency,
  /** Of the phase `connect`. */
  handshakeLatency: Latency,
  /** Verified responses of the phase `steady`: `count` of them took up to `upToMillis`. Empty steps are left out. */
  latencyDistribution: Schema.Array(Schema.Struct({ upToMillis: Schema.Finite, count: Count })),
  timeline: Schema.Array(Sample),
  servers: Schema.Array(ServerProcess),
  /** All server processes, per verified response of `steady`. Null without server processes or responses. */
  cpuMicrosPerRequest: Schema.NullOr(Schema.Finite),
  /** All server processes, per handshake of `connect`. */
  cpuMicrosPerHandshake: Schema.NullOr(Schema.Finite),
  /** All server processes, per resumed or full handshake of `reconnect`. */
  cpuMicrosPerReconnect: Schema.NullOr(Schema.Finite),
  tool: Schema.Struct({
    processes: Schema.Int,
    cpuSeconds: Seconds,
    /** Of the processes that play the devices, per verified response of `steady`. */
    cpuMicrosPerRequest: Schema.NullOr(Schema.Finite),
    cpuMicrosPerHandshake: Schema.NullOr(Schema.Finite),
    rssBytes: Bytes,
    /** The tool, not the server, bounded the figures: throughput is a lower bound, latency an upper one. */
    isBottleneck: Schema.Boolean,
    bottleneckReasons: Schema.Array(Schema.String)
  }),
  limits: Schema.Struct({
    maxP99Millis: Schema.NullOr(Schema.Finite),
    maxErrors: Schema.NullOr(Count),
    kept: Schema.Boolean,
    /** One sentence for each limit that was not kept. */
    broken: Schema.Array(Schema.String)
  })
})
export type Report = typeof Report.Type
