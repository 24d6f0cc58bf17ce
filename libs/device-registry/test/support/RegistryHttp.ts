import { type DeviceAnswer, RegistryApi } from "@roost/contracts"
import { apiRoutes, pathSegmentLengthMax } from "@roost/http"
import { Health } from "@roost/observability"
import { layerHttpServerTest } from "@roost/testkit"
import { ConfigProvider, Effect, Layer, Logger } from "effect"
import { HttpBody, HttpClient, HttpClientRequest, HttpRouter } from "effect/http"
import type { HttpMethod } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import {
  ClusterView,
  layerProductDeletions,
  LiveStatus,
  Processes,
  ProductRemains,
  Registry,
  RegistryHandlers,
  type RegistryStore,
  DeviceCommands,
  Recordings,
  RefusedDevices,
  StrangerLog,
  Strangers
} from "../../src/index.ts"
import { layerTemporaryStore, layerVault } from "./TestRegistry.ts"

export const token = "0123456789abcdef"

type Groups = (typeof RegistryApi)["groups"]

/** Handlers of a group that another lib serves. */
const unserved = <Name extends keyof Groups>(name: Name) => {
  const handler = () => Effect.die(`${name} are not served here`)
  return Object.fromEntries(Object.keys(RegistryApi.groups[name].endpoints).map((one) => [one, handler])) as {
    readonly [Endpoint in keyof Groups[Name]["endpoints"]]: () => Effect.Effect<never>
  }
}

const unservedGroups = Layer.mergeAll(
  HttpApiBuilder.group(RegistryApi, "webhooks", (handlers) => Effect.succeed(handlers.handleAll(unserved("webhooks")))),
  HttpApiBuilder.group(RegistryApi, "sinks", (handlers) => Effect.succeed(handlers.handleAll(unserved("sinks")))),
  HttpApiBuilder.group(RegistryApi, "events", (handlers) => Effect.succeed(handlers.handleAll(unserved("events")))),
  HttpApiBuilder.group(RegistryApi, "uplinks", (handlers) => Effect.succeed(handlers.handleAll(unserved("uplinks")))),
  HttpApiBuilder.group(RegistryApi, "issuing", (handlers) => Effect.succeed(handlers.handleAll(unserved("issuing")))),
  HttpApiBuilder.group(RegistryApi, "tracking", (handlers) => Effect.succeed(handlers.handleAll(unserved("tracking")))),
  HttpApiBuilder.group(RegistryApi, "access", (handlers) => Effect.succeed(handlers.handleAll(unserved("access")))),
  HttpApiBuilder.group(RegistryApi, "audit", (handlers) => Effect.succeed(handlers.handleAll(unserved("audit"))))
)

/** The registry's API on a store. `live` knows how devices do. */
export const servedOn = <E, R>(
  store: Layer.Layer<RegistryStore, E, R>,
  live: Layer.Layer<LiveStatus> = LiveStatus.layerNone,
  strangers = new StrangerLog()
) =>
  HttpRouter.serve(apiRoutes(RegistryApi, Layer.merge(RegistryHandlers, unservedGroups)), {
    disableLogger: true,
    disableListenLog: true,
    routerConfig: { maxParamLength: pathSegmentLengthMax }
  }).pipe(
    Layer.provideMerge(layerHttpServerTest),
    Layer.provide([
      Registry.layer,
      Strangers.layerOf(strangers),
      DeviceCommands.layerNone,
      RefusedDevices.layerNone,
      Recordings.layerNone
    ]),
    Layer.provide(ClusterView.layerNone.pipe(Layer.provideMerge(Processes.layerNone))),
    Layer.provideMerge(store),
    Layer.provide([layerVault, Health.layer, live]),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ ROOST_API_TOKEN: token }))),
    Layer.provide(Logger.layer([]))
  )

/** With a store of its own, where products are deleted in the background. Its devices' actors give this answer. */
export const served = (answer?: DeviceAnswer, strangers = new StrangerLog()) =>
  servedOn(
    layerProductDeletions.pipe(Layer.provide(ProductRemains.layerNone), Layer.provideMerge(layerTemporaryStore)),
    Layer.succeed(LiveStatus, { ask: () => Effect.succeed(answer) }),
    strangers
  )

export const send = Effect.fnUntraced(function* (method: HttpMethod.HttpMethod, path: string, body?: unknown) {
  const response = yield* HttpClientRequest.make(method)(path).pipe(
    HttpClientRequest.bearerToken(token),
    HttpClientRequest.setBody(body === undefined ? HttpBody.empty : HttpBody.jsonUnsafe(body)),
    HttpClient.execute
  )
  const text = yield* response.text
  const type = response.headers["content-type"]
  return { status: response.status, type, body: text === "" ? undefined : JSON.parse(text) }
})

export const importLines = Effect.fnUntraced(function* (path: string, lines: string | Uint8Array) {
  const response = yield* HttpClientRequest.post(path).pipe(
    HttpClientRequest.bearerToken(token),
    HttpClientRequest.setBody(HttpBody.uint8Array(Buffer.from(lines as Uint8Array), "application/x-ndjson")),
    HttpClient.execute
  )
  const text = yield* response.text
  return {
    status: response.status,
    results: text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]))
  }
})

export const createProduct = send("POST", "/v1/products", { productName: "Meters", productKey: "pk1" })
