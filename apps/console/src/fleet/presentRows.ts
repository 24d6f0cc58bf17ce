import type { InfiniteData } from "@tanstack/react-query"
import type { DeviceSummary } from "./fleetQueries.ts"

/** A presence event, as far as a row shows it. */
export interface PresenceEvent {
  readonly productKey: string
  readonly deviceKey: string
  readonly state: "online" | "offline"
  readonly lastSeenAt: number
  readonly address: string
}

export interface Page {
  readonly devices: ReadonlyArray<DeviceSummary>
}

/** The same object where none of its devices is among the events. */
export const withPresence = (
  data: InfiniteData<Page, string>,
  events: ReadonlyMap<string, PresenceEvent>
): InfiniteData<Page, string> => {
  const pages = data.pages.map((page) => {
    const devices = page.devices.map((device) => {
      const event = events.get(`${device.productKey} ${device.deviceKey}`)
      return event === undefined || device.status === "disabled" ? device : present(device, event)
    })
    return devices.every((device, at) => device === page.devices[at]) ? page : { ...page, devices }
  })
  return pages.every((page, at) => page === data.pages[at]) ? data : { ...data, pages }
}

const present = (device: DeviceSummary, { address, lastSeenAt, state }: PresenceEvent): DeviceSummary => ({
  ...device,
  status: state,
  lastSeenAt,
  address
})
