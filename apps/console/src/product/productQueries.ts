import { queryOptions } from "@tanstack/react-query"
import type { components } from "../../generated/registry.d.ts"
import { bodyOf, registry } from "../api/client.ts"

export type ShownProduct = components["schemas"]["ShownProduct"]
export type ProductScript = components["schemas"]["ProductScript"]
export type ThingModel = components["schemas"]["ThingModel"]

export const productKeyOf = (productKey: string, ...rest: ReadonlyArray<string>) => ["product", productKey, ...rest]

export const productQuery = (productKey: string) =>
  queryOptions({
    queryKey: productKeyOf(productKey),
    queryFn: ({ signal }) =>
      bodyOf(registry.GET("/v1/products/{productKey}", { params: { path: { productKey } }, signal }))
  })

export const scriptQuery = (productKey: string) =>
  queryOptions({
    queryKey: productKeyOf(productKey, "script"),
    queryFn: ({ signal }) =>
      bodyOf(registry.GET("/v1/products/{productKey}/script", { params: { path: { productKey } }, signal }))
  })

export const modelQuery = (modelId: string) =>
  queryOptions({
    queryKey: ["model", modelId],
    queryFn: ({ signal }) => bodyOf(registry.GET("/v1/models/{modelId}", { params: { path: { modelId } }, signal }))
  })

export const modelsQuery = queryOptions({
  queryKey: ["models"],
  queryFn: async ({ signal }) =>
    (await bodyOf(registry.GET("/v1/models", { params: { query: { limit: 200 } }, signal }))).models
})

export const productEventsQuery = (productKey: string) =>
  queryOptions({
    queryKey: productKeyOf(productKey, "events"),
    queryFn: async ({ signal }) =>
      (
        await bodyOf(
          registry.GET("/v1/products/{productKey}/events", {
            params: { path: { productKey }, query: { limit: 50 } },
            signal
          })
        )
      ).events,
    refetchInterval: 10_000
  })
