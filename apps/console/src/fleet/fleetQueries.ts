import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query"
import type { components } from "../../generated/registry.d.ts"
import { bodyOf, registry } from "../api/client.ts"
import type { FleetSearch } from "./fleetSearch.ts"

export type DeviceSummary = components["schemas"]["DeviceSummary"]

/** Devices that one request brings. */
const pageLength = 200
/** A list whose reader is at its top is read again this often, so that new devices show. Milliseconds. */
const refreshMillis = 5_000
const refreshedPagesMax = 1

export const devicesKey = ["devices"] as const

export const devicesQuery = ({ product, q, silent, sort, status, tag }: FleetSearch) =>
  infiniteQueryOptions({
    queryKey: [...devicesKey, { product, q, silent, sort, status, tag }],
    queryFn: ({ pageParam, signal }) =>
      bodyOf(
        registry.GET("/v1/devices", {
          params: {
            query: {
              ...(q === undefined ? {} : { q }),
              ...(product === undefined ? {} : { productKey: product }),
              ...(status === undefined ? {} : { status }),
              ...(tag === undefined ? {} : { tag }),
              ...(silent === undefined ? {} : { silentFor: silent }),
              ...(sort === undefined ? {} : { sort }),
              ...(pageParam === "" ? {} : { cursor: pageParam }),
              limit: pageLength
            }
          },
          signal
        })
      ),
    initialPageParam: "",
    getNextPageParam: ({ nextCursor }) => nextCursor,
    // Devices that were found before stay until the next answer is there: a list that vanishes at every letter can't be read.
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) <= refreshedPagesMax ? refreshMillis : false)
  })

export const summaryQuery = queryOptions({
  queryKey: ["summary"],
  queryFn: ({ signal }) => bodyOf(registry.GET("/v1/summary", { signal })),
  refetchInterval: 2_000
})

/** Of a product, as far as they are known: the summary has the largest products, and is some seconds old. */
export const countsOf = (devices: components["schemas"]["DeviceCounts"] | undefined, productKey: string) =>
  devices?.byProduct.find((product) => product.productKey === productKey)

export const productsKey = ["products"] as const

/** All products, for choices: a Roost has tens of them, and some hundreds at most. */
export const productsQuery = queryOptions({
  queryKey: productsKey,
  queryFn: async ({ signal }) => {
    const products: Array<components["schemas"]["Product"]> = []
    for (let cursor: string | undefined; ;) {
      const query = { limit: 200, ...(cursor === undefined ? {} : { cursor }) }
      const page = await bodyOf(registry.GET("/v1/products", { params: { query }, signal }))
      products.push(...page.products)
      cursor = page.nextCursor
      if (cursor === undefined) return products
    }
  },
  staleTime: 10_000
})
