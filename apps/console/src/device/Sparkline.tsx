import type { Series } from "./points.ts"

const width = 120
const height = 28
const margin = 2

/** The course of a value, without scales: whether it rises, falls or jumps. */
export const Sparkline = ({ series: { times, values } }: { readonly series: Series }) => {
  if (values.length < 2) return null
  const [first, last] = [times[0]!, times.at(-1)!]
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const x = (at: number) => margin + ((width - 2 * margin) * (at - first)) / Math.max(1, last - first)
  const y = (value: number) =>
    high === low ? height / 2 : height - margin - ((height - 2 * margin) * (value - low)) / (high - low)
  const points = times.map((at, index) => `${x(at).toFixed(1)},${y(values[index]!).toFixed(1)}`)
  return (
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden>
      <polyline
        points={points.join(" ")}
        fill="none"
        stroke="var(--mantine-primary-color-filled)"
        strokeWidth={1.5}
        strokeLinejoin="round"
      />
      <circle cx={x(last)} cy={y(values.at(-1)!)} r={2.2} fill="var(--mantine-primary-color-filled)" />
    </svg>
  )
}
