import { useInfiniteQuery, useQuery } from "@tanstack/react-query"
import { useMemo } from "react"
import { type DevicePath, liveUplinksQuery, type StoredUplink, uplinksQuery } from "./deviceQueries.ts"
import { joinUplinks } from "./joinUplinks.ts"

const noUplinks: ReadonlyArray<StoredUplink> = []

/** What a device sent, as far as it was asked for, with what came live since; newest first, undefined before the first page is there. */
export const useUplinks = (device: DevicePath) => {
  const history = useInfiniteQuery(uplinksQuery(device))
  const { data: live = noUplinks } = useQuery(liveUplinksQuery(device))
  const pages = history.data?.pages
  const uplinks = useMemo(
    () =>
      pages &&
      joinUplinks(
        live,
        pages.flatMap((page) => page.uplinks)
      ),
    [live, pages]
  )
  return { history, live, uplinks }
}
