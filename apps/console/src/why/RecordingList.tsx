import { Group } from "@mantine/core"
import { useNow } from "../display/Ago.tsx"
import { PageLink } from "../display/PageLink.tsx"
import { RowTime } from "../display/RowTime.tsx"
import { spanText } from "../display/times.ts"
import { Tag } from "../display/Tag.tsx"
import { useLocale, useText } from "../language/Language.tsx"
import classes from "./RecordingList.module.css"
import type { Recording } from "./whyQueries.ts"

/** Recordings, newest first; of those that run the time that is left. */
export const RecordingList = ({ recordings }: { readonly recordings: ReadonlyArray<Recording> }) => {
  const t = useText().why
  const locale = useLocale()
  const now = useNow()
  return (
    <ul className={classes.list}>
      {recordings.map(({ address, deviceKey, from, id, productKey, until }) => (
        <li key={id}>
          <Group justify="space-between" wrap="nowrap">
            <div>
              <PageLink to="/recordings/$id" params={{ id }} fw={600}>
                {deviceKey === undefined ? address : `${productKey} / ${deviceKey}`}
              </PageLink>
              <div className="quiet" style={{ fontSize: "0.82rem" }}>
                <RowTime at={from} />
              </div>
            </div>
            {until > now ? (
              <Tag tone="good">{t.running(spanText(until - now, locale))}</Tag>
            ) : (
              <span className="quiet">{spanText(until - from, locale)}</span>
            )}
          </Group>
        </li>
      ))}
    </ul>
  )
}
