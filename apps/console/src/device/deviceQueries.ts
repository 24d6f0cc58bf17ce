import { infiniteQueryOptions, queryOptions, skipToken } from "@tanstack/react-query"
import type { components as DownlinkComponents } from "../../generated/downlink.d.ts"
import type { components } from "../../generated/registry.d.ts"
import { bodyOf, downlink, registry } from "../api/client.ts"
import type { LogKind } from "./logKinds.ts"

export type Device = components["schemas"]["Device"]
export type StoredUplink = components["schemas"]["StoredUplink"]
export type IssuedCommand = DownlinkComponents["schemas"]["IssuedCommand"]
export type ThingModel = components["schemas"]["ThingModel"]
export type Properties = Readonly<Record<string, components["schemas"]["Property"]>>

/** Which device; the path of its API. */
export interface DevicePath {
  readonly productKey: string
  readonly deviceKey: string
}

/** As a request of the API has them. */
export const paramsOf = ({ deviceKey, productKey }: DevicePath) => ({ path: { productKey, deviceKey } })
export const keyOf = ({ deviceKey, productKey }: DevicePath, ...rest: ReadonlyArray<string>) => [
  "device",
  productKey,
  deviceKey,
  ...rest
]

/** Facts that change without an event are read this often. Milliseconds. */
const refreshMillis = 10_000
/** While a command is on its way, its next step is looked for this often. Milliseconds. */
const commandMillis = 700
/**
 * Uplinks of one question. Those of a device that posts hourly are each in another block of the stream, which nats-server reads whole.
 * So the newest are shown before the older ones are asked for.
 */
const uplinksPage = 50
/** Pages that charts and sparklines are drawn of. */
export const historyPages = 4

export const deviceQuery = (device: DevicePath) =>
  queryOptions({
    queryKey: keyOf(device),
    queryFn: ({ signal }) =>
      bodyOf(registry.GET("/v1/products/{productKey}/devices/{deviceKey}", { params: paramsOf(device), signal })),
    refetchInterval: refreshMillis
  })

export const latestQuery = (device: DevicePath) =>
  queryOptions({
    queryKey: keyOf(device, "latest"),
    queryFn: ({ signal }) =>
      bodyOf(
        registry.GET("/v1/products/{productKey}/devices/{deviceKey}/measurepoints/latest", {
          params: paramsOf(device),
          signal
        })
      ),
    refetchInterval: refreshMillis
  })

export const uplinksQuery = (device: DevicePath) =>
  infiniteQueryOptions({
    queryKey: keyOf(device, "uplinks"),
    queryFn: ({ pageParam, signal }) =>
      bodyOf(
        registry.GET("/v1/products/{productKey}/devices/{deviceKey}/uplinks", {
          params: {
            ...paramsOf(device),
            query: { limit: uplinksPage, ...(pageParam === "" ? {} : { cursor: pageParam }) }
          },
          headers: { accept: "application/json" },
          signal
        })
      ) as Promise<components["schemas"]["ListUplinksResult"]>,
    initialPageParam: "",
    getNextPageParam: ({ nextCursor }) => nextCursor,
    staleTime: 60_000
  })

/** Of what came live; the history has the older ones. */
export const liveUplinksMax = 500

/** Uplinks that came since somebody looks, newest first. The history is asked for once, and may have been read before. */
export const liveUplinksQuery = (device: DevicePath) =>
  queryOptions<ReadonlyArray<StoredUplink>>({
    queryKey: keyOf(device, "live"),
    queryFn: skipToken,
    initialData: [],
    staleTime: Number.POSITIVE_INFINITY
  })

/** All of the log, or events of one kind; `""` stands for all. */
export const logQuery = (device: DevicePath, kind: LogKind | "" = "") =>
  infiniteQueryOptions({
    queryKey: keyOf(device, "log", kind),
    queryFn: ({ pageParam, signal }) =>
      bodyOf(
        registry.GET("/v1/products/{productKey}/devices/{deviceKey}/events", {
          params: {
            ...paramsOf(device),
            query: {
              limit: 100,
              ...(kind === "" ? {} : { kind }),
              ...(pageParam === "" ? {} : { cursor: pageParam })
            }
          },
          signal
        })
      ),
    initialPageParam: "",
    getNextPageParam: ({ nextCursor }) => nextCursor,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) <= 1 ? refreshMillis : false)
  })

const isPending = ({ state }: IssuedCommand): boolean => state === "created" || state === "sent"

export const commandsQuery = (device: DevicePath) =>
  queryOptions({
    queryKey: keyOf(device, "commands"),
    queryFn: async ({ signal }) =>
      (
        await bodyOf(
          downlink.GET("/v1/products/{productKey}/devices/{deviceKey}/commands", {
            params: { ...paramsOf(device), query: { limit: 50 } },
            signal
          })
        )
      ).commands,
    refetchInterval: ({ state }) => (state.data?.some(isPending) === true ? commandMillis : refreshMillis)
  })

export const propertiesQuery = (device: DevicePath, kind: "attributes" | "tags") =>
  queryOptions({
    queryKey: keyOf(device, kind),
    queryFn: ({ signal }): Promise<Properties> =>
      bodyOf(
        registry.GET(`/v1/products/{productKey}/devices/{deviceKey}/${kind}`, { params: paramsOf(device), signal })
      ),
    refetchInterval: refreshMillis
  })

/** The thing model of a product, or null where it has none. */
export const productModelQuery = (productKey: string) =>
  queryOptions({
    queryKey: ["product", productKey, "model"],
    queryFn: async ({ signal }): Promise<ThingModel | null> => {
      const product = await bodyOf(
        registry.GET("/v1/products/{productKey}", { params: { path: { productKey } }, signal })
      )
      if (product.modelId === undefined) return null
      const path = { modelId: product.modelId }
      return (await bodyOf(registry.GET("/v1/models/{modelId}", { params: { path }, signal }))).model
    },
    staleTime: 30_000
  })
