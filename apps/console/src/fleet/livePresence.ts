import { type InfiniteData, useQueryClient } from "@tanstack/react-query"
import { useEffect } from "react"
import { followEvents } from "../api/EventFeed.ts"
import { devicesKey, type DeviceSummary } from "./fleetQueries.ts"

/** A presence event, as far as a row shows it. */
interface PresenceEvent {
  readonly productKey: string
  readonly deviceKey: string
  readonly state: "online" | "offline"
  readonly lastSeenAt: number
  readonly address: string
}

interface Page {
  readonly devices: ReadonlyArray<DeviceSummary>
}

/** Events of this long are applied together, so that a thousand a second cost no more than a few. Milliseconds. */
const batchMillis = 200

/** Rows follow the presence of their devices, without asking for them again. */
export const useLivePresence = (): void => {
  const client = useQueryClient()
  useEffect(() => {
    const batch = new Map<string, PresenceEvent>()
    let timer: ReturnType<typeof setTimeout> | undefined
    const apply = () => {
      timer = undefined
      client.setQueriesData<InfiniteData<Page, string>>(
        { queryKey: devicesKey },
        (data) => data && withPresence(data, batch)
      )
      batch.clear()
    }
    const stop = followEvents(
      { kinds: ["presence"] },
      ({ data }) => {
        const event = data as PresenceEvent
        batch.set(`${event.productKey} ${event.deviceKey}`, event)
        timer ??= setTimeout(apply, batchMillis)
      },
      () => void client.invalidateQueries({ queryKey: devicesKey })
    )
    return () => {
      stop()
      clearTimeout(timer)
    }
  }, [client])
}

/** The same object where none of its devices is among the events. */
export const withPresence = (
  data: InfiniteData<Page, string>,
  events: ReadonlyMap<string, PresenceEvent>
): InfiniteData<Page, string> => {
  let changed = false
  const pages = data.pages.map((page) => {
    const devices = page.devices.map((device) => {
      const event = events.get(`${device.productKey} ${device.deviceKey}`)
      if (event === undefined || device.status === "disabled") return device
      changed = true
      return { ...device, status: event.state, lastSeenAt: event.lastSeenAt, address: event.address }
    })
    return changed ? { ...page, devices } : page
  })
  return changed ? { ...data, pages } : data
}
