import { useInfiniteQuery, useQuery } from "@tanstack/react-query"
import { useMemo } from "react"
import { type DevicePath, liveUplinksQuery, type StoredUplink, uplinksQuery } from "./deviceQueries.ts"
import { joinUplinks } from "./joinUplinks.ts"

const noUplinks: ReadonlyArray<StoredUplink> = []

/** Uplinks of a device, as far as they were asked for, with those that came live since; newest first, undefined before the first page. */
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
