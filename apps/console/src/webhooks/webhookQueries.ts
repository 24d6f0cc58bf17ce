import { queryOptions } from "@tanstack/react-query"
import type { components } from "../../generated/registry.d.ts"
import { bodyOf, registry } from "../api/client.ts"

export type WebhookWithDelivery = components["schemas"]["WebhookWithDelivery"]

export const webhooksKey = ["webhooks"] as const

export const webhooksQuery = queryOptions({
  queryKey: webhooksKey,
  queryFn: async ({ signal }) => (await bodyOf(registry.GET("/v1/webhooks", { signal }))).webhooks,
  refetchInterval: 3_000
})

export const deadQuery = (webhookId: string) =>
  queryOptions({
    queryKey: [...webhooksKey, webhookId, "dead"],
    queryFn: async ({ signal }) =>
      (await bodyOf(registry.GET("/v1/webhooks/{webhookId}/dead", { params: { path: { webhookId } }, signal }))).dead
  })
