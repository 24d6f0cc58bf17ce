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

/** Another library's (@roost/application-events). */
const noWebhooks = HttpApiBuilder.group(RegistryApi, "webhooks", (handlers) => {
  const unserved = () => Effect.die("webhooks are not served here")
  return Effect.succeed(
    handlers.handleAll({
      createWebhook: unserved,
      listWebhooks: unserved,
      getWebhook: unserved,
      changeWebhook: unserved,
      testWebhook: unserved,
      listDeadDeliveries: unserved,
      replayDeadDeliveries: unserved,
      deleteWebhook: unserved
    })
  )
})
/** And @roost/event-sinks'. */
const noSinks = HttpApiBuilder.group(RegistryApi, "sinks", (handlers) => {
  const unserved = () => Effect.die("sinks are not served here")
  return Effect.succeed(
    handlers.handleAll({
      createSink: unserved,
      listSinks: unserved,
      getSink: unserved,
      replaceSink: unserved,
      deleteSink: unserved,
      pauseSink: unserved,
      resumeSink: unserved,
      testSink: unserved,
      replaySink: unserved,
      listDeadEvents: unserved,
      replayDeadEvents: unserved
    })
  )
})
/** The registry's events are another lib's, too. */
const noEvents = HttpApiBuilder.group(RegistryApi, "events", (handlers) =>
  handlers.handle("followEvents", () => Effect.die("not here"))
)
/** So are uplinks. */
const noUplinks = HttpApiBuilder.group(RegistryApi, "uplinks", (handlers) =>
  handlers.handle("listUplinks", () => Effect.die("not here"))
)
/** And commands. */
const noCommands = Layer.merge(
  HttpApiBuilder.group(RegistryApi, "issuing", (handlers) => {
    const unserved = () => Effect.die("not here")
    return Effect.succeed(
      handlers.handleAll({
        setMeasurepoint: unserved,
        getMeasurepoints: unserved,
        invokeService: unserved,
        upgradeFirmware: unserved,
        sendRaw: unserved
      })
    )
  }),
  HttpApiBuilder.group(RegistryApi, "tracking", (handlers) => {
    const unserved = () => Effect.die("not here")
    return Effect.succeed(
      handlers.handleAll({
        getCommand: unserved,
        cancelCommand: unserved,
        cancelCommands: unserved,
        listCommands: unserved
      })
    )
  })
)

/** So is access. */
const noAccess = Layer.merge(
  HttpApiBuilder.group(RegistryApi, "access", (handlers) => {
    const unserved = () => Effect.die("not here")
    return Effect.succeed(
      handlers.handleAll({
        whoAmI: unserved,
        createApiKey: unserved,
        listApiKeys: unserved,
        getApiKey: unserved,
        rotateApiKey: unserved,
        revokeApiKey: unserved,
        createAccount: unserved,
        listAccounts: unserved,
        changeAccount: unserved,
        resetPassword: unserved,
        deleteAccount: unserved,
        changePassword: unserved
      })
    )
  }),
  HttpApiBuilder.group(RegistryApi, "audit", (handlers) => handlers.handle("listAudit", () => Effect.die("not here")))
)

/** The registry's API on a store. `live` knows how devices do. */
export const servedOn = <E, R>(
  store: Layer.Layer<RegistryStore, E, R>,
  live: Layer.Layer<LiveStatus> = LiveStatus.layerNone,
  strangers = new StrangerLog()
) =>
  HttpRouter.serve(
    apiRoutes(
      RegistryApi,
      Layer.mergeAll(RegistryHandlers, noWebhooks, noSinks, noEvents, noUplinks, noCommands, noAccess)
    ),
    {
      disableLogger: true,
      disableListenLog: true,
      routerConfig: { maxParamLength: pathSegmentLengthMax }
    }
  ).pipe(
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

export const importLines = Effect.fnUntraced(function* (path: string, lines: string) {
  const response = yield* HttpClientRequest.post(path).pipe(
    HttpClientRequest.bearerToken(token),
    HttpClientRequest.setBody(HttpBody.text(lines, "application/x-ndjson")),
    HttpClient.execute
  )
  const text = yield* response.text
  return {
    status: response.status,
    results: text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]))
  }
})

export const createProduct = send("POST", "/v1/products", { productName: "Meters", productKey: "pk1" })
