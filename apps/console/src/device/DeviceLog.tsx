import { Anchor, Button, NativeSelect, Text } from "@mantine/core"
import { IconNotes } from "@tabler/icons-react"
import { useInfiniteQuery } from "@tanstack/react-query"
import { useState } from "react"
import type { components } from "../../generated/registry.d.ts"
import { Answered } from "../display/Answered.tsx"
import { EmptyState } from "../display/EmptyState.tsx"
import { RowTime } from "../display/RowTime.tsx"
import { useText } from "../language/Language.tsx"
import { type DevicePath, logQuery } from "./deviceQueries.ts"
import { EventKindMark } from "./EventKindMark.tsx"
import classes from "./DeviceLog.module.css"
import { type LogKind, logKinds } from "./logKinds.ts"

type LogEvent = components["schemas"]["ListEventsResult"]["events"][number]

/** The device's events and their reasons, newest first, as they happen. */
export const DeviceLog = ({ device }: { readonly device: DevicePath }) => {
  const text = useText()
  const t = text.device.log
  const [kind, setKind] = useState<LogKind | "">("")
  const log = useInfiniteQuery(logQuery(device, kind))
  return (
    <>
      <NativeSelect
        label={t.kind}
        className={classes.filter!}
        value={kind}
        onChange={(event) => setKind(event.currentTarget.value as LogKind | "")}
        data={[{ value: "", label: t.anyKind }, ...logKinds]}
      />
      <Answered of={log}>
        {(found) => (
          <Events
            events={found.pages.flatMap((page) => page.events)}
            filtered={kind !== ""}
            older={
              log.hasNextPage ? { isLoading: log.isFetchingNextPage, load: () => void log.fetchNextPage() } : undefined
            }
          />
        )}
      </Answered>
    </>
  )
}

const Events = ({
  events,
  filtered,
  older
}: {
  readonly events: ReadonlyArray<LogEvent>
  readonly filtered: boolean
  /** There are older ones. */
  readonly older: { readonly isLoading: boolean; readonly load: () => void } | undefined
}) => {
  const t = useText().device.log
  if (events.length === 0) {
    return (
      <div className="panel">
        <EmptyState icon={<IconNotes size={32} stroke={1.4} />} title={filtered ? t.nothingFound : t.none}>
          {filtered ? undefined : t.noneBody}
        </EmptyState>
      </div>
    )
  }
  return (
    <div className="panel">
      <ol className={classes.list} aria-label={t.title}>
        {events.map(({ address, at, code, id, kind, link, reason }) => (
          <li key={id} className={classes.row}>
            <RowTime at={at} className="mono quiet" />
            <EventKindMark kind={kind} />
            <Text component="div" size="sm" className={classes.reason!}>
              {reason}
              {address !== "" && <span className="mono quiet"> {address}</span>}
              {code !== undefined && link !== undefined && (
                <Anchor href={link} className="mono" size="xs" display="block">
                  {code}
                </Anchor>
              )}
            </Text>
          </li>
        ))}
      </ol>
      {older !== undefined && (
        <div className={classes.more}>
          <Button variant="subtle" loading={older.isLoading} onClick={older.load}>
            {t.older}
          </Button>
        </div>
      )}
    </div>
  )
}
