import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query"
import type { components } from "../../generated/registry.d.ts"
import { bodyOf, registry } from "../api/client.ts"

export type ApiKey = components["schemas"]["ApiKey"]
export type Account = components["schemas"]["Account"]
export type AuditEntry = components["schemas"]["StoredAuditEntry"]
export type Grants = ApiKey["grants"]

export const keysKey = ["access", "keys"] as const
export const accountsKey = ["access", "accounts"] as const

export const keysQuery = queryOptions({
  queryKey: keysKey,
  queryFn: async ({ signal }) => (await bodyOf(registry.GET("/v1/access/keys", { signal }))).keys
})

export const accountsQuery = queryOptions({
  queryKey: accountsKey,
  queryFn: async ({ signal }) => (await bodyOf(registry.GET("/v1/access/accounts", { signal }))).accounts
})

export interface AuditFilter {
  readonly who: string
  readonly operation: string
  readonly productKey: string
}

export const auditQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ["audit", filter],
    queryFn: ({ pageParam, signal }) => {
      const given = Object.entries({ ...filter, cursor: pageParam }).filter(([, value]) => value !== "")
      return bodyOf(
        registry.GET("/v1/audit", { params: { query: { limit: 100, ...Object.fromEntries(given) } }, signal })
      )
    },
    initialPageParam: "",
    getNextPageParam: ({ nextCursor }) => nextCursor,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) <= 1 ? 3_000 : false)
  })

export const grantsText = (grants: Grants): string =>
  grants.map((grant) => ("products" in grant ? `${grant.role}: ${grant.products.join(", ")}` : grant.role)).join(" · ")
