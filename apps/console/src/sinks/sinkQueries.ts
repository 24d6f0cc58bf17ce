import { queryOptions } from "@tanstack/react-query"
import type { components } from "../../generated/registry.d.ts"
import { bodyOf, registry } from "../api/client.ts"

export type Sink = components["schemas"]["Sink"]

export const sinksKey = ["sinks"] as const

export const sinksQuery = queryOptions({
  queryKey: sinksKey,
  queryFn: async ({ signal }) => (await bodyOf(registry.GET("/v1/sinks", { signal }))).sinks,
  refetchInterval: 3_000
})

export const deadEventsQuery = (sinkId: string) =>
  queryOptions({
    queryKey: [...sinksKey, sinkId, "dead"],
    queryFn: async ({ signal }) =>
      (await bodyOf(registry.GET("/v1/sinks/{sinkId}/dead", { params: { path: { sinkId } }, signal }))).dead
  })
