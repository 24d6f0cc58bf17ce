import { type InfiniteData, useQueryClient } from "@tanstack/react-query"
import { useEffect } from "react"
import { followEvents } from "../api/EventFeed.ts"
import { devicesKey } from "./fleetQueries.ts"
import { type Page, type PresenceEvent, withPresence } from "./presentRows.ts"

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
