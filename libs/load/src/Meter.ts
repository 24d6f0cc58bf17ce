import { type Histogram, Int32Histogram } from "hdr-histogram-js"
import { type ErrorKind, errorKinds } from "./ErrorKind.ts"

/** Every count but those of errors, which are by kind. */
export const counterNames = [
  "fullHandshakes",
  "resumedHandshakes",
  "failedHandshakes",
  "requests",
  "responses",
  "retransmissions",
  "duplicates",
  "messageIdStalls",
  "commandsFetched",
  "commandsReplied",
  "rebindings",
  "datagramsLostOnPurpose",
  "datagramsReorderedOnPurpose"
] as const
export type CounterName = (typeof counterNames)[number]

type Counters = Record<CounterName, number>

/** The counts of an interval; errors by the kinds that happened. */
export interface Counts extends Readonly<Counters> {
  readonly errors: number
  readonly errorsByKind: Readonly<Record<string, number>>
}

/** Milliseconds. Null percentiles mean that nothing was measured. */
export interface Latency {
  readonly count: number
  readonly mean: number | null
  readonly p50: number | null
  readonly p90: number | null
  readonly p99: number | null
  readonly p999: number | null
  readonly max: number | null
}

/** `count` latencies were up to `upToMillis`, and above the step before. */
export interface LatencyStep {
  readonly upToMillis: number
  readonly count: number
}

type Errors = Record<ErrorKind, number>

/** A meter's measurements since it was emptied, as they go from process to process. */
export interface Measured {
  readonly counters: Readonly<Counters>
  readonly errors: Readonly<Errors>
  /** Microseconds; pairs of a histogram's index and the count there. */
  readonly latency: Uint32Array
  readonly handshakeLatency: Uint32Array
}

/** Counters and latencies of an interval. */
export class Meter {
  readonly counters: Counters = zeros(counterNames)
  readonly errors: Errors = zeros(errorKinds)
  readonly latency = latencyHistogram()
  readonly handshakeLatency = latencyHistogram()

  take(): Measured {
    const taken: Measured = {
      counters: { ...this.counters },
      errors: { ...this.errors },
      latency: pairsOf(this.latency),
      handshakeLatency: pairsOf(this.handshakeLatency)
    }
    this.reset()
    return taken
  }

  reset(): void {
    Object.assign(this.counters, zeros(counterNames))
    Object.assign(this.errors, zeros(errorKinds))
    this.latency.reset()
    this.handshakeLatency.reset()
  }

  add(measured: Measured): void {
    for (const name of counterNames) this.counters[name] += measured.counters[name]
    for (const kind of errorKinds) this.errors[kind] += measured.errors[kind]
    addPairs(this.latency, measured.latency)
    addPairs(this.handshakeLatency, measured.handshakeLatency)
  }

  get errorCount(): number {
    return errorKinds.reduce((sum, kind) => sum + this.errors[kind], 0)
  }

  get counts(): Counts {
    const happened = errorKinds.filter((kind) => this.errors[kind] > 0)
    return {
      ...this.counters,
      errors: this.errorCount,
      errorsByKind: Object.fromEntries(happened.map((kind) => [kind, this.errors[kind]]))
    }
  }
}

/** Records a latency in milliseconds. */
export const recordLatency = (histogram: Histogram, millis: number): void =>
  histogram.recordValue(Math.min(latencyMicrosMax, Math.max(1, Math.round(millis * 1000))))

export const latencyOf = (histogram: Histogram): Latency => {
  const count = histogram.totalCount
  if (count === 0) return { count, mean: null, p50: null, p90: null, p99: null, p999: null, max: null }
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1000
  return {
    count,
    mean: Math.round(histogram.mean) / 1000,
    p50: at(50),
    p90: at(90),
    p99: at(99),
    p999: at(99.9),
    max: histogram.maxValue / 1000
  }
}

/** Counts by steps that grow by `distributionStep`: fine enough for a plot over decades. */
export const distributionOf = (histogram: Int32Histogram): ReadonlyArray<LatencyStep> => {
  const counts = new Map<number, number>()
  for (let index = 0, left = histogram.totalCount; left > 0; index++) {
    const count = histogram.getCountAtIndex(index)
    if (count === 0) continue
    left -= count
    const step = Math.ceil(Math.log(histogram.valueFromIndex(index)) / Math.log(distributionStep))
    counts.set(step, (counts.get(step) ?? 0) + count)
  }
  return [...counts].map(([step, count]) => ({ upToMillis: distributionStep ** step / 1000, count }))
}

/**
 * The library's own encoding takes 4 ms, in which no request leaves and no response is seen. Once a second, that alone would be
 * the p99 of a fast server. This takes 0.05 ms.
 */
const pairsOf = (histogram: Int32Histogram): Uint32Array => {
  const pairs: Array<number> = []
  for (let index = 0, left = histogram.totalCount; left > 0; index++) {
    const count = histogram.getCountAtIndex(index)
    if (count === 0) continue
    left -= count
    pairs.push(index, count)
  }
  return Uint32Array.from(pairs)
}

const addPairs = (histogram: Int32Histogram, pairs: Uint32Array): void => {
  for (let i = 0; i < pairs.length; i += 2) {
    histogram.recordValueWithCount(histogram.valueFromIndex(pairs[i]!), pairs[i + 1]!)
  }
}

const latencyHistogram = () => new Int32Histogram(1, latencyMicrosMax, 3)

const zeros = <K extends string>(names: ReadonlyArray<K>): Record<K, number> =>
  Object.fromEntries(names.map((name) => [name, 0])) as Record<K, number>

const distributionStep = 1.12
/** Ten minutes: longer than any exchange. */
const latencyMicrosMax = 600_000_000
