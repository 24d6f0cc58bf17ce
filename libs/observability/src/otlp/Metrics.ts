import { type Families, type Family, type Sample, samplesOf } from "../Families.ts"
import type { Exemplar, Histogram } from "../Histogram.ts"
import { attributesJson, doubleJson, nanosJson, type Resource, resourceJson, scopeJson } from "./Otlp.ts"

/** Common to the numbers of an export. Times in milliseconds since 1970. */
export interface Reading {
  /** Since when counters and histograms count. */
  readonly startedAt: number
  readonly at: number
}

/**
 * The body of an ExportMetricsServiceRequest: what `/metrics` answers, under the same names. Counters and histograms are
 * cumulative, as they have it since the start: one that is lost loses nothing but its point in time.
 */
export const otlpMetrics = (resource: Resource, families: Families, reading: Reading): string =>
  JSON.stringify({
    resourceMetrics: [
      {
        resource: resourceJson(resource),
        scopeMetrics: [
          {
            scope: scopeJson(resource),
            metrics: Array.from(families)
              .filter(([, { series }]) => series.size > 0)
              .map(([name, family]) => familyJson(name, family, reading))
          }
        ]
      }
    ]
  })

const familyJson = (name: string, family: Family, reading: Reading) => {
  const dataPoints = Array.from(samplesOf(family), (sample) => pointJson(sample, family.type, reading))
  const unit = units.find(([suffix]) => suffix.test(name))?.[1]
  return {
    name,
    description: family.help,
    ...(unit !== undefined && { unit }),
    ...(family.type === "gauge"
      ? { gauge: { dataPoints } }
      : family.type === "counter"
        ? { sum: { dataPoints, aggregationTemporality: cumulative, isMonotonic: true } }
        : { histogram: { dataPoints, aggregationTemporality: cumulative } })
  }
}

const pointJson = ({ labels, value }: Sample, type: Family["type"], { at, startedAt }: Reading) => ({
  attributes: attributesJson(labels),
  ...(type !== "gauge" && { startTimeUnixNano: nanosJson(startedAt) }),
  timeUnixNano: nanosJson(at),
  ...(typeof value === "number" ? { asDouble: doubleJson(value) } : histogramJson(value))
})

const histogramJson = ({ bounds, counts, exemplars = [], sum }: Histogram) => ({
  count: String(counts.reduce((total, count) => total + count, 0)),
  sum: doubleJson(sum),
  explicitBounds: bounds,
  bucketCounts: Array.from(counts, String),
  exemplars: exemplars.flatMap((exemplar) => (exemplar === undefined ? [] : [exemplarJson(exemplar)]))
})

const exemplarJson = ({ at, traceId, value }: Exemplar) => ({
  traceId,
  timeUnixNano: nanosJson(at * 1_000),
  asDouble: doubleJson(value)
})

/** As UCUM writes the units that names end in. */
const units: ReadonlyArray<readonly [suffix: RegExp, unit: string]> = [
  [/_seconds(?:_total)?$/, "s"],
  [/_bytes(?:_total)?$/, "By"]
]
const cumulative = 2
