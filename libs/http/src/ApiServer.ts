import { NodeHttpServer } from "@effect/platform-node"
import { healthRoutes, HttpHost } from "@roost/observability"
import { ByteSize, Config, Effect, Layer } from "effect"
import { HttpIncomingMessage, HttpRouter } from "effect/http"
import { type HttpApi, HttpApiBuilder, type HttpApiGroup, HttpApiMiddleware, HttpApiSwagger } from "effect/http-api"
import { createServer } from "node:http"
import { layerBearerToken } from "./BearerToken.ts"
import { layerProblems } from "./Problems.ts"

/** Bytes of a request body that are read at all. */
export const requestBytesMax = 1024 * 1024

/** Characters of one path segment: a device key of 64 characters, each percent-encoded. */
export const pathSegmentLengthMax = 192

/**
 * The routes of an API as all of Roost's have them: its groups behind the bearer token, every error a problem
 * document, `/openapi.json`, `/docs` (Swagger UI from this process, nothing from elsewhere), and health. The API must
 * have the middlewares `Authorization` and `ProblemDetails`; `groups` are its `HttpApiBuilder.group` layers.
 */
export const apiRoutes = <Id extends string, Groups extends HttpApiGroup.Constraint, E, R>(
  api: HttpApi.HttpApi<Id, Groups>,
  groups: Layer.Layer<HttpApiGroup.ToService<Id, Groups>, E, R>
) =>
  Layer.mergeAll(
    HttpApiBuilder.layer(api, { openapiPath: "/openapi.json" }).pipe(Layer.provide(groups)),
    HttpApiSwagger.layer(api, { path: "/docs" }),
    healthRoutes(),
    layerProblems
  ).pipe(
    Layer.provide(layerBearerToken),
    Layer.provide(HttpApiMiddleware.layerProblemDetails({ includeDetails: true })),
    Layer.provide(Layer.succeed(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(requestBytesMax)))
  )

/** `apiRoutes` on a port of ROOST_HTTP_HOST. */
export const serveApi = <Id extends string, Groups extends HttpApiGroup.Constraint, E, R>(
  api: HttpApi.HttpApi<Id, Groups>,
  groups: Layer.Layer<HttpApiGroup.ToService<Id, Groups>, E, R>,
  port: Config.Config<number>
) =>
  HttpRouter.serve(apiRoutes(api, groups), {
    disableLogger: true,
    routerConfig: { maxParamLength: pathSegmentLengthMax }
  }).pipe(
    Layer.provide(
      Layer.unwrap(
        Effect.map(Config.all({ port, host: HttpHost }), (listen) => NodeHttpServer.layer(() => createServer(), listen))
      )
    )
  )
