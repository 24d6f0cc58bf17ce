import { IconArrowDownLeft, IconArrowUpRight, IconPoint } from "@tabler/icons-react"
import { useWindowVirtualizer } from "@tanstack/react-virtual"
import { useRef } from "react"
import { EmptyState } from "../display/EmptyState.tsx"
import { useText } from "../language/Language.tsx"
import { entryText, isEssential, laneOf } from "./entryText.ts"
import classes from "./Timeline.module.css"
import type { RecordingEntry } from "./whyQueries.ts"

export type Detail = "essence" | "all"
const rowHeight = 38

/** Entries in the order of time, with how long after the first each was. */
export const Timeline = ({
  detail,
  entries
}: {
  readonly entries: ReadonlyArray<RecordingEntry>
  readonly detail: Detail
}) => {
  const t = useText().why
  const shown = detail === "all" ? entries : entries.filter(isEssential)
  const body = useRef<HTMLOListElement>(null)
  const virtual = useWindowVirtualizer({
    count: shown.length,
    estimateSize: () => rowHeight,
    overscan: 12,
    scrollMargin: body.current?.offsetTop ?? 0
  })
  if (shown.length === 0) return <EmptyState title={t.waiting}>{t.waitingBody}</EmptyState>
  const first = shown[0]!.at
  return (
    <ol ref={body} className={classes.list} style={{ height: virtual.getTotalSize() }} aria-label={t.timeline}>
      {virtual.getVirtualItems().map(({ index, key, start }) => {
        const entry = shown[index]!
        const lane = laneOf(entry.what)
        return (
          <li
            key={key}
            ref={virtual.measureElement}
            data-index={index}
            data-lane={lane}
            className={classes.row}
            style={{ transform: `translateY(${start - virtual.options.scrollMargin}px)` }}
          >
            <span className="mono quiet">+{((entry.at - first) / 1000).toFixed(3)} s</span>
            <span className={classes.kind}>
              {lane === "in" ? (
                <IconArrowDownLeft size={15} aria-label={t.fromDevice} />
              ) : lane === "out" ? (
                <IconArrowUpRight size={15} aria-label={t.toDevice} />
              ) : (
                <IconPoint size={15} aria-hidden />
              )}
              {entry.what._tag}
            </span>
            <span className={`mono ${classes.text}`}>{entryText(entry)}</span>
          </li>
        )
      })}
    </ol>
  )
}
