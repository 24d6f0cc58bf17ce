import { type AuditEntry, strictApi } from "@roost/contracts"
import { apiRoutes, AuditLog } from "@roost/http"
import { allStreams, ensureStreams, NatsConnection } from "@roost/nats"
import { Health } from "@roost/observability"
import { layerHttpServerTest, type NatsServer } from "@roost/testkit"
import { ConfigProvider, Context, Effect, Layer, Logger, Schema } from "effect"
import { HttpBody, HttpClient, HttpClientRequest, type HttpMethod, HttpRouter, HttpServer } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import {
  ConsoleSessions,
  layerBrowserSessions,
  layerConsoleFiles,
  layerConsoleHttp,
  layerOidcRoutes
} from "../../src/index.ts"

export const token = "0123456789abcdef"

/** An API that a browser may call: one thing to read, one to change. */
const Things = strictApi(
  HttpApi.make("things").add(
    HttpApiGroup.make("things").add(
      HttpApiEndpoint.get("read", "/v1/thing", { success: Schema.Struct({ read: Schema.Boolean }) }),
      HttpApiEndpoint.post("change", "/v1/thing", { success: Schema.Struct({ changed: Schema.Boolean }) })
    )
  )
)
const ThingHandlers = HttpApiBuilder.group(Things, "things", (handlers) =>
  Effect.succeed(
    handlers.handleAll({
      read: () => Effect.succeed({ read: true }),
      change: () => Effect.succeed({ changed: true })
    })
  )
)

/** A registry's console and API, on a connection of its own to the server; `folder` has the pages. */
export const instance = Effect.fnUntraced(function* (
  server: NatsServer,
  folder: string,
  apiToken = token,
  previous?: string,
  people: Layer.Layer<never> = Layer.empty,
  env: Readonly<Record<string, string>> = {}
) {
  const entries: Array<AuditEntry> = []
  const log = Layer.succeed(AuditLog, { write: (entry) => Effect.sync(() => void entries.push(entry)) })

  const nats = NatsConnection.layer("registry")
  const sessions = ConsoleSessions.layer.pipe(
    Layer.provide(Layer.effectDiscard(ensureStreams(allStreams))),
    Layer.provide(people),
    Layer.provide(nats)
  )
  const routes = Layer.mergeAll(ThingHandlers, layerConsoleHttp, layerOidcRoutes, layerConsoleFiles(folder)).pipe(
    Layer.provide(log),
    Layer.provide(sessions),
    Layer.provide(people)
  )
  const served = HttpRouter.serve(apiRoutes(Things, routes, {}, layerBrowserSessions.pipe(Layer.provide(sessions))), {
    disableLogger: true,
    disableListenLog: true
  }).pipe(
    Layer.provideMerge(layerHttpServerTest),
    Layer.provideMerge(Health.layer),
    Layer.provide(
      ConfigProvider.layer(
        ConfigProvider.fromUnknown({
          NATS_URL: server.url,
          ROOST_API_TOKEN: apiToken,
          ROOST_CLUSTER_KEY: "ab".repeat(32),
          ...env,
          ...(previous === undefined ? {} : { ROOST_API_TOKEN_PREVIOUS: previous })
        })
      )
    ),
    Layer.provide(Logger.layer([]))
  )
  const context = yield* Layer.build(Layer.fresh(served))
  const http = Context.get(context, HttpClient.HttpClient)
  const { address } = Context.get(context, HttpServer.HttpServer)
  const port = "port" in address ? address.port : 0
  const origin = `http://127.0.0.1:${port}`
  const call = Effect.fnUntraced(function* (
    method: HttpMethod.HttpMethod,
    path: string,
    headers: Readonly<Record<string, string>> = {},
    body?: unknown
  ) {
    const response = yield* HttpClientRequest.make(method)(path).pipe(
      HttpClientRequest.setHeaders(headers),
      HttpClientRequest.setBody(body === undefined ? HttpBody.empty : HttpBody.jsonUnsafe(body)),
      http.execute
    )
    const text = yield* response.text
    return { status: response.status, headers: response.headers, text, cookies: response.cookies }
  }, Effect.orDie)
  return { call, entries, origin, port }
})
