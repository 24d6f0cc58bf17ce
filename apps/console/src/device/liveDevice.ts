import { type QueryClient, useQueryClient } from "@tanstack/react-query"
import { useEffect } from "react"
import { followEvents } from "../api/EventFeed.ts"
import {
  type Device,
  type DevicePath,
  keyOf,
  liveUplinksMax,
  liveUplinksQuery,
  type StoredUplink
} from "./deviceQueries.ts"

/** Its id is `uplink-{sequence}-{time}`. */
type UplinkEvent = Omit<StoredUplink, "sequence"> & DevicePath & { readonly id: string }
const sequenceOf = (id: string): number => Number(id.split("-")[1])

interface PresenceEvent {
  readonly state: "online" | "offline"
  readonly lastSeenAt: number
  readonly lifetimeSeconds: number
  readonly address: string
}

/** Events of the device show on its page as they come; nothing is asked for that the event has. */
export const useLiveDevice = ({ deviceKey, productKey }: DevicePath): void => {
  const client = useQueryClient()
  useEffect(() => {
    const device = { productKey, deviceKey }
    const refresh = (...rest: ReadonlyArray<string>) =>
      void client.invalidateQueries({ queryKey: keyOf(device, ...rest), exact: rest.length === 0 })
    return followEvents(
      { kinds: ["uplink", "presence", "command", "log"], ...device },
      ({ data, kind }) => {
        switch (kind) {
          case "uplink":
            noteUplink(client, device, data as UplinkEvent)
            return refresh("commands")
          case "presence":
            notePresence(client, device, data as PresenceEvent)
            return refresh("log")
          case "command":
            return refresh("commands")
          case "log":
            refresh("log")
            return refresh("why")
        }
      },
      () => void client.invalidateQueries({ queryKey: keyOf(device) })
    )
  }, [client, deviceKey, productKey])
}

const noteUplink = (client: QueryClient, device: DevicePath, uplink: UplinkEvent): void => {
  client.setQueryData(liveUplinksQuery(device).queryKey, (live = []) =>
    [{ ...uplink, sequence: sequenceOf(uplink.id) }, ...live].slice(0, liveUplinksMax)
  )
  client.setQueryData<Device>(
    keyOf(device),
    (known) => known && { ...known, lastSeenAt: Math.max(known.lastSeenAt ?? 0, uplink.time) }
  )
}

const notePresence = (
  client: QueryClient,
  device: DevicePath,
  { address, lastSeenAt, lifetimeSeconds, state }: PresenceEvent
): void =>
  void client.setQueryData<Device>(
    keyOf(device),
    (known) =>
      known && {
        ...known,
        ...(known.status === "disabled" ? {} : { status: state }),
        lastSeenAt,
        lifetimeSeconds,
        address,
        ...(state === "online" ? { lastOnlineAt: lastSeenAt } : { lastOfflineAt: lastSeenAt })
      }
  )
