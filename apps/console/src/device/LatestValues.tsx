import { Loader, UnstyledButton } from "@mantine/core"
import { IconAntennaBars1 } from "@tabler/icons-react"
import { useQuery } from "@tanstack/react-query"
import { lazy, Suspense, useEffect, useMemo, useState } from "react"
import { nearestNumber } from "../api/Numeral.ts"
import { Ago } from "../display/Ago.tsx"
import { EmptyState } from "../display/EmptyState.tsx"
import { FaultPanel } from "../display/FaultPanel.tsx"
import { Panel } from "../display/Panel.tsx"
import { useText } from "../language/Language.tsx"
import { type Device, historyPages, latestQuery, productModelQuery } from "./deviceQueries.ts"
import classes from "./LatestValues.module.css"
import { type LatestPoints, seriesOf, valueText, withLive } from "./points.ts"
import { Sparkline } from "./Sparkline.tsx"
import { useUplinks } from "./useUplinks.ts"

const HistoryChart = lazy(() => import("./HistoryChart.tsx").then((module) => ({ default: module.HistoryChart })))

/** A device may call anything a time: such a one is none. */
const PointTime = ({ time }: { readonly time: number | undefined }) =>
  time === undefined || Number.isNaN(new Date(time).getTime()) ? "–" : <Ago at={time} />

/** The newest value of each point with its course; the chosen one's history below. */
export const LatestValues = ({ device }: { readonly device: Device }) => {
  const text = useText()
  const t = text.device
  const latest = useQuery(latestQuery(device))
  const { history, live, uplinks } = useUplinks(device)
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = history
  const loaded = history.data?.pages.length ?? 0
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && loaded < historyPages) void fetchNextPage()
  }, [fetchNextPage, hasNextPage, isFetchingNextPage, loaded])
  const model = useQuery(productModelQuery(device.productKey)).data
  const series = useMemo(() => seriesOf(uplinks ?? []), [uplinks])
  const [chosen, setChosen] = useState<string>()
  const known = useMemo(() => withLive((latest.data ?? {}) as LatestPoints, live), [latest.data, live])
  const points = Object.entries(known).toSorted(([a], [b]) => a.localeCompare(b))
  const shown = chosen ?? points.find(([id]) => series.has(id))?.[0]
  const shownSeries = shown === undefined ? undefined : series.get(shown)
  const nameOf = (id: string) => model?.measurepoints[id]?.name ?? id
  if (latest.isError) return <FaultPanel error={latest.error} again={() => void latest.refetch()} />
  return (
    <div className={classes.parts}>
      <Panel title={t.latest}>
        {latest.isPending ? (
          <Loader size="sm" aria-label={text.app.loading} />
        ) : points.length === 0 ? (
          <EmptyState icon={<IconAntennaBars1 size={32} stroke={1.4} />} title={t.noValues}>
            {t.noValuesBody}
          </EmptyState>
        ) : (
          <ul className={classes.points}>
            {points.map(([id, { quality, time, value }]) => (
              <li key={id}>
                <UnstyledButton
                  className={classes.point}
                  aria-pressed={id === shown}
                  disabled={!series.has(id)}
                  onClick={() => setChosen(id)}
                >
                  <span className={classes.name}>
                    {nameOf(id)}
                    {nameOf(id) !== id && <span className="mono quiet"> {id}</span>}
                  </span>
                  <span className={classes.value} data-point={id}>
                    {valueText(value)}
                    {quality !== undefined && (
                      <span className={`quiet ${classes.quality}`}>{t.quality(String(quality))}</span>
                    )}
                  </span>
                  <span className={classes.spark}>{series.has(id) && <Sparkline series={series.get(id)!} />}</span>
                  <span className={`quiet ${classes.time}`}>
                    <PointTime time={nearestNumber(time)} />
                  </span>
                </UnstyledButton>
              </li>
            ))}
          </ul>
        )}
      </Panel>
      {shown !== undefined && shownSeries !== undefined && (
        <Panel title={t.historyOf(nameOf(shown))}>
          <Suspense fallback={<div style={{ height: 260 }} />}>
            <HistoryChart name={nameOf(shown)} series={shownSeries} />
          </Suspense>
        </Panel>
      )}
    </div>
  )
}
