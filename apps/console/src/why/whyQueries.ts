import { queryOptions } from "@tanstack/react-query"
import type { components } from "../../generated/registry.d.ts"
import { bodyOf, registry } from "../api/client.ts"
import { type DevicePath, keyOf, paramsOf } from "../device/deviceQueries.ts"

export type Finding = components["schemas"]["Finding"]
export type Recording = components["schemas"]["Recording"]
export type RecordingEntry = components["schemas"]["RecordingEntry"]

/** A refusal is to be explained within two seconds of it. Milliseconds. */
const refreshMillis = 1_500

export const whyQuery = (device: DevicePath) =>
  queryOptions({
    queryKey: keyOf(device, "why"),
    queryFn: ({ signal }) =>
      bodyOf(
        registry.GET("/v1/products/{productKey}/devices/{deviceKey}/why", {
          params: paramsOf(device),
          signal
        })
      ),
    refetchInterval: refreshMillis
  })

export const recordingsKey = ["recordings"] as const

export const recordingsQuery = queryOptions({
  queryKey: recordingsKey,
  queryFn: async ({ signal }) => (await bodyOf(registry.GET("/v1/recordings", { signal }))).recordings,
  refetchInterval: 3_000
})

export const recordingQuery = (id: string) =>
  queryOptions({
    queryKey: [...recordingsKey, id],
    queryFn: ({ signal }) => bodyOf(registry.GET("/v1/recordings/{id}", { params: { path: { id } }, signal })),
    refetchInterval: ({ state }) => ((state.data?.recording.until ?? Infinity) > Date.now() ? 1_000 : false)
  })
