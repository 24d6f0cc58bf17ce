import { Button, Loader, Text } from "@mantine/core"
import { IconNotes } from "@tabler/icons-react"
import { useInfiniteQuery } from "@tanstack/react-query"
import { EmptyState } from "../display/EmptyState.tsx"
import { FaultPanel } from "../display/FaultPanel.tsx"
import { fullTime, rowTime } from "../display/times.ts"
import { useLocale, useText } from "../language/Language.tsx"
import { type DevicePath, logQuery } from "./deviceQueries.ts"
import { EventKindMark } from "./EventKindMark.tsx"
import classes from "./DeviceLog.module.css"

/** What happened to it and why, newest first, as it happens. */
export const DeviceLog = ({ device }: { readonly device: DevicePath }) => {
  const text = useText()
  const t = text.device.log
  const locale = useLocale()
  const log = useInfiniteQuery(logQuery(device))
  if (log.isError) return <FaultPanel error={log.error} again={() => void log.refetch()} />
  if (log.isPending) return <Loader aria-label={text.app.loading} />
  const events = log.data.pages.flatMap((page) => page.events)
  if (events.length === 0) {
    return (
      <div className="panel">
        <EmptyState icon={<IconNotes size={32} stroke={1.4} />} title={t.none}>
          {t.noneBody}
        </EmptyState>
      </div>
    )
  }
  return (
    <div className="panel">
      <ol className={classes.list} aria-label={t.title}>
        {events.map(({ address, at, id, kind, reason }) => (
          <li key={id} className={classes.row}>
            <time className="mono quiet" dateTime={new Date(at).toISOString()} title={fullTime(at, locale)}>
              {rowTime(at, locale)}
            </time>
            <EventKindMark kind={kind} />
            <Text component="div" size="sm" className={classes.reason!}>
              {reason}
              {address !== "" && <span className="mono quiet"> {address}</span>}
            </Text>
          </li>
        ))}
      </ol>
      {log.hasNextPage && (
        <div className={classes.more}>
          <Button variant="subtle" loading={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>
            {t.older}
          </Button>
        </div>
      )}
    </div>
  )
}
