import { Text } from "@mantine/core"
import { Fragment } from "react"
import { Ago, useNow } from "../display/Ago.tsx"
import { Facts } from "../display/Facts.tsx"
import { Panel } from "../display/Panel.tsx"
import { fullTime, spanText } from "../display/times.ts"
import { useLocale, useText } from "../language/Language.tsx"
import type { Device } from "./deviceQueries.ts"

/** Facts of the device's session: how long it may be silent, where it was, by which cipher suite. */
export const SessionFacts = ({ device }: { readonly device: Device }) => {
  const t = useText().device
  const locale = useLocale()
  const ago = (at: number | undefined) => (at === undefined ? t.never : <Ago at={at} />)
  return (
    <Panel title={t.session}>
      {device.activatedAt === undefined && (
        <Text size="sm" mb="sm">
          {t.neverCame}
        </Text>
      )}
      <Facts
        rows={[
          [t.lifetime, <Lifetime key="lifetime" device={device} />],
          [
            t.address,
            <span key="address" className="mono">
              {device.address ?? "–"}
            </span>
          ],
          [
            t.suite,
            <span key="suite" className="mono">
              {device.suite === undefined ? "–" : breakable(device.suite)}
            </span>
          ],
          [t.waiting, device.pendingCommands === undefined ? "–" : String(device.pendingCommands)],
          [t.online, ago(device.lastOnlineAt)],
          [t.offline, ago(device.lastOfflineAt)],
          [t.activated, ago(device.activatedAt)],
          [t.registered, fullTime(device.createdAt, locale)],
          [
            t.assetId,
            <span key="asset" className="mono">
              {device.assetId}
            </span>
          ]
        ]}
      />
    </Panel>
  )
}

/** A name of many words may be broken between two of them, where a line ends. */
const breakable = (name: string) =>
  name.split(/(?<=_)/).map((part) => (
    <Fragment key={part}>
      {part}
      <wbr />
    </Fragment>
  ))

/** `5 min · 3 min left`: how long silence lasts until the device counts as offline. */
const Lifetime = ({ device: { lastSeenAt, lifetimeSeconds, status } }: { readonly device: Device }) => {
  const t = useText().device
  const locale = useLocale()
  const now = useNow()
  if (lifetimeSeconds === undefined) return "–"
  const whole = spanText(lifetimeSeconds * 1000, locale)
  const left = (lastSeenAt ?? 0) + lifetimeSeconds * 1000 - now
  return status === "online" && left > 0 ? `${whole} · ${t.left(spanText(left, locale))}` : whole
}
