import type { Counts, Latency } from "../Report.ts"

/** 12 345 with thin gaps, for people. */
export const formatCount = (count: number): string => Math.round(count).toLocaleString("en").replaceAll(",", " ")

/** Three digits, or a dash for what was not measured. */
export const formatMillis = (millis: number | null): string => {
  if (millis === null) return "–"
  if (millis >= 1000) return `${(millis / 1000).toFixed(2)} s`
  return `${millis >= 100 ? millis.toFixed(0) : millis >= 10 ? millis.toFixed(1) : millis.toFixed(2)} ms`
}

export const formatMicros = (micros: number | null): string =>
  micros === null ? "–" : `${micros >= 100 ? micros.toFixed(0) : micros.toFixed(1)} µs`

export const formatBytes = (bytes: number): string =>
  bytes >= 1 << 30 ? `${(bytes / 2 ** 30).toFixed(2)} GB` : `${(bytes / 2 ** 20).toFixed(0)} MB`

export const formatDuration = (seconds: number): string => {
  const whole = Math.round(seconds)
  return whole >= 60 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${whole} s`
}

export const formatPercentiles = (latency: Latency): string =>
  latency.count === 0
    ? "–"
    : `p50 ${formatMillis(latency.p50)}  p90 ${formatMillis(latency.p90)}  p99 ${formatMillis(latency.p99)}  ` +
      `p99.9 ${formatMillis(latency.p999)}  max ${formatMillis(latency.max)}`

export const formatErrors = ({ errors, errorsByKind }: Counts): string =>
  errors === 0
    ? "none"
    : `${formatCount(errors)}  (${Object.entries(errorsByKind)
        .map(([kind, count]) => `${kind} ${formatCount(count)}`)
        .join(", ")})`
