import { Anchor, Button, Collapse, Group, Loader, Text, UnstyledButton } from "@mantine/core"
import { IconChevronRight, IconCloudUp } from "@tabler/icons-react"
import { useState } from "react"
import { EmptyState } from "../display/EmptyState.tsx"
import { FaultPanel } from "../display/FaultPanel.tsx"
import { bytes } from "../display/numbers.ts"
import { RowTime } from "../display/RowTime.tsx"
import { fullTime } from "../display/times.ts"
import { useLocale, useText } from "../language/Language.tsx"
import type { DevicePath, StoredUplink } from "./deviceQueries.ts"
import classes from "./DeviceUplinks.module.css"
import { hexDump } from "./hexDump.ts"
import { useUplinks } from "./useUplinks.ts"

/** The device's uplinks, as the stream keeps them: newest first, each message whole when it is opened. */
export const DeviceUplinks = ({ device }: { readonly device: DevicePath }) => {
  const text = useText()
  const t = text.device.uplinks
  const locale = useLocale()
  const { history, uplinks } = useUplinks(device)
  if (history.isError) return <FaultPanel error={history.error} again={() => void history.refetch()} />
  if (uplinks === undefined) return <Loader aria-label={text.app.loading} />
  const oldest = history.data?.pages[0]?.oldest
  const csv = `/v1/products/${encodeURIComponent(device.productKey)}/devices/${encodeURIComponent(device.deviceKey)}/uplinks?limit=200`
  if (uplinks.length === 0) {
    return (
      <div className="panel">
        <EmptyState icon={<IconCloudUp size={32} stroke={1.4} />} title={t.none}>
          {t.noneBody}
        </EmptyState>
      </div>
    )
  }
  return (
    <>
      <Group justify="space-between" mb="xs">
        <Text size="sm" className="quiet">
          {oldest !== undefined && t.oldest(fullTime(oldest, locale))}
        </Text>
        <CsvLink href={csv} name={`${device.productKey}-${device.deviceKey}.csv`} />
      </Group>
      <div className="panel">
        <ol className={classes.list} aria-label={t.title}>
          {uplinks.map((uplink) => (
            <Uplink key={uplink.sequence} uplink={uplink} />
          ))}
        </ol>
        {history.hasNextPage && (
          <div className={classes.more}>
            <Button variant="subtle" loading={history.isFetchingNextPage} onClick={() => void history.fetchNextPage()}>
              {t.older}
            </Button>
          </div>
        )}
      </div>
    </>
  )
}

const Uplink = ({ uplink }: { readonly uplink: StoredUplink }) => {
  const locale = useLocale()
  const [open, setOpen] = useState(false)
  const raw = uplink.raw === undefined ? undefined : Uint8Array.from(atob(uplink.raw), (char) => char.charCodeAt(0))
  const line = raw === undefined ? JSON.stringify(uplink.payload) : bytes(raw.length, locale)
  return (
    <li className={classes.item}>
      <UnstyledButton className={classes.row} aria-expanded={open} onClick={() => setOpen(!open)}>
        <IconChevronRight size={15} className={classes.chevron} data-open={open} aria-hidden />
        <RowTime at={uplink.time} className="mono quiet" />
        <span className={classes.kind}>{uplink.kind}</span>
        <span className={`mono ${classes.line}`}>{line}</span>
      </UnstyledButton>
      <Collapse expanded={open}>
        {open && (
          <div className={classes.whole}>
            <Text size="xs" className="mono quiet" mb={6}>
              {uplink.topic} {uplink.method}
            </Text>
            <pre className="mono" tabIndex={0}>
              {raw === undefined ? JSON.stringify(uplink.payload, undefined, 2) : hexDump(raw)}
            </pre>
          </div>
        )}
      </Collapse>
    </li>
  )
}

/** A link can't say `Accept: text/csv`, so the file is fetched and handed over. */
const CsvLink = ({ href, name }: { readonly href: string; readonly name: string }) => {
  const t = useText().device.uplinks
  const download = async () => {
    const response = await fetch(href, { headers: { accept: "text/csv" } })
    const url = URL.createObjectURL(await response.blob())
    Object.assign(document.createElement("a"), { href: url, download: name }).click()
    URL.revokeObjectURL(url)
  }
  return (
    <Anchor component="button" size="sm" onClick={() => void download()}>
      {t.csv}
    </Anchor>
  )
}
