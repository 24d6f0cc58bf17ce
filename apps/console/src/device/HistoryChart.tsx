import "uplot/dist/uPlot.min.css"
import { useComputedColorScheme } from "@mantine/core"
import { useElementSize } from "@mantine/hooks"
import { useEffect, useRef } from "react"
import uPlot from "uplot"
import { fullTime } from "../display/times.ts"
import { useLocale, useText } from "../language/Language.tsx"
import type { Series } from "./points.ts"

const heightPixels = 260

const tellNewest = (chart: uPlot): void => {
  const [times] = chart.data
  if (typeof chart.cursor.idx !== "number" && times.length > 0) chart.setLegend({ idx: times.length - 1 }, false)
}

/** Times in the reader's zone, and the value under the pointer. A dashed line where too few points are near to see one. */
export const HistoryChart = ({ name, series }: { readonly name: string; readonly series: Series }) => {
  const t = useText().device
  const locale = useLocale()
  const scheme = useComputedColorScheme()
  const { ref, width } = useElementSize()
  const plot = useRef<uPlot>(undefined)
  const host = useRef<HTMLDivElement>(null)
  const data = useRef<uPlot.AlignedData>([[], []])
  data.current = [series.times.map((at) => at / 1000), [...series.values]]

  useEffect(() => {
    if (host.current === null || width === 0) return
    const colours = getComputedStyle(document.documentElement)
    const line = colours.getPropertyValue("--mantine-primary-color-filled").trim()
    const axis = {
      stroke: colours.getPropertyValue("--roost-quiet").trim(),
      grid: { stroke: colours.getPropertyValue("--roost-line").trim(), width: 1 },
      ticks: { show: false },
      font: `12px ${getComputedStyle(document.body).fontFamily}`
    }
    const time = new Intl.DateTimeFormat(locale, {
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23"
    })
    const day = new Intl.DateTimeFormat(locale, {
      month: "short",
      day: "numeric",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23"
    })
    const made = new uPlot(
      {
        width,
        height: heightPixels,
        legend: { show: true, live: true },
        cursor: { y: false },
        // Nothing is under the pointer mostly: then it is the newest value that is told.
        hooks: { ready: [tellNewest], setCursor: [tellNewest] },
        axes: [
          {
            ...axis,
            space: 110,
            // Times are shown to the second: nothing stands twice.
            incrs: [
              1,
              2,
              5,
              10,
              15,
              30,
              ...[1, 2, 5, 10, 15, 30].map((m) => m * 60),
              ...[1, 2, 3, 6, 12].map((h) => h * 3_600)
            ].concat([1, 2, 7, 14, 28].map((d) => d * 86_400)),
            values: (_, splits) => {
              const long = (splits.at(-1) ?? 0) - (splits[0] ?? 0) > 86_400
              return splits.map((at) => (long ? day : time).format(at * 1000))
            }
          },
          {
            ...axis,
            size: 64,
            values: (_, splits) => splits.map((value) => new Intl.NumberFormat(locale).format(value))
          }
        ],
        series: [
          { label: t.time, value: (_, at) => (at === null ? "–" : fullTime(at * 1000, locale)) },
          {
            label: name,
            stroke: line,
            width: 1.6,
            points: { size: 5, fill: line },
            value: (_, value) =>
              value === null ? "–" : new Intl.NumberFormat(locale, { maximumFractionDigits: 6 }).format(value)
          }
        ]
      },
      data.current,
      host.current
    )
    plot.current = made
    return () => made.destroy()
  }, [locale, name, scheme, t.time, width])
  useEffect(() => {
    plot.current?.setData(data.current)
    if (plot.current) tellNewest(plot.current)
  }, [series])

  return (
    <div ref={ref}>
      <div ref={host} role="img" aria-label={t.chartOf(name, series.values.length)} />
    </div>
  )
}
