import { type Setting, TemporarilyUnavailable } from "@roost/contracts"
import { Health, healthRoutes, layerApiServer } from "@roost/observability"
import { ByteSize, Effect, Latch, Layer, type Scope } from "effect"
import {
  HttpIncomingMessage,
  HttpRouter,
  HttpServer,
  type HttpServerRequest,
  HttpServerRespondable,
  HttpServerResponse
} from "effect/http"
import { type HttpApi, HttpApiBuilder, type HttpApiGroup, HttpApiSwagger } from "effect/http-api"
import { Authenticator } from "./Authenticator.ts"
import { layerAuthorization } from "./Authorization.ts"
import { type Neighbour, neighbourDocs, whoElse } from "./Neighbours.ts"
import { endpointsOf } from "./NearestEndpoint.ts"
import { layerProblems, type Routes } from "./Problems.ts"
import { refusalsRoute } from "./RefusalsRoute.ts"
import { pathSegmentLengthMax, requestBytesMax } from "./RequestLimits.ts"
import { layerRequestRules } from "./RequestRules.ts"
import { recordingRoutes, RouteTable } from "./RouteTable.ts"
import { refuseUnreadable } from "./UnreadableRequests.ts"

/**
 * The routes of an API as all of Roost's have them: its groups behind the authorization, every error a problem
 * document. They include `/openapi.json`, `/docs` (Swagger UI from this process, nothing from elsewhere), and health. The API is made by
 * `strictApi` of `@roost/contracts`; `groups` are its `HttpApiBuilder.group` layers. `callers` may bring `ApiKeys`, `BrowserSessions`,
 * `SharedRates` and an `AuditLog`.
 */
export const apiRoutes = <Id extends string, Groups extends HttpApiGroup.Constraint, E, R, E2 = never, R2 = never>(
  api: HttpApi.HttpApi<Id, Groups>,
  groups: Layer.Layer<HttpApiGroup.ToService<Id, Groups>, E, R>,
  { elsewhere = () => undefined, endpoints = [], table = new RouteTable() }: RouteKnowledge = {},
  callers: Layer.Layer<never, E2, R2> = Layer.empty
) =>
  Layer.mergeAll(
    HttpApiBuilder.layer(api, { openapiPath: "/openapi.json" }).pipe(Layer.provide(groups)),
    HttpApiSwagger.layer(api, { path: "/docs" }),
    healthRoutes(),
    refusalsRoute,
    layerProblems({
      methodsOf: (url) => table.methodsOf(url),
      elsewhere,
      endpoints: [...endpointsOf(api), ...endpoints]
    })
  ).pipe(
    Layer.provide(layerAuthorization),
    Layer.provide(Authenticator.layer),
    Layer.provide(callers),
    Layer.provide(layerRequestRules),
    Layer.provide(Layer.succeed(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(requestBytesMax))),
    Layer.provide(recordingRoutes(table))
  )

/** `table` gets the routes; `elsewhere` says which other service serves a call that this one does not, `endpoints` what that has. */
export interface RouteKnowledge extends Partial<Pick<Routes, "elsewhere" | "endpoints">> {
  readonly table?: RouteTable
}

/**
 * `apiRoutes` on a port of ROOST_HTTP_HOST. The port is open, and tells its health, while `groups` and what is provided
 * to them are still being built. A service that waits for NATS is alive and says what it waits for. Until then the API
 * answers 503, and again from the moment that the app ends. Requests from before are answered while the stores are still there.
 */
export const serveApi = <Id extends string, Groups extends HttpApiGroup.Constraint, E, R, E2 = never, R2 = never>(
  api: HttpApi.HttpApi<Id, Groups>,
  groups: Layer.Layer<HttpApiGroup.ToService<Id, Groups>, E, R>,
  port: Setting<number>,
  neighbours: ReadonlyArray<Neighbour> = [],
  callers: Layer.Layer<never, E2, R2> = Layer.empty
) => {
  const table = new RouteTable()
  return Layer.effectDiscard(
    Effect.gen(function* () {
      const answers = new Answers(yield* notServing("The service is starting; /readyz says what it waits for."))
      const ending = yield* notServing("The service is ending: another instance serves, or this one does again soon.")
      // Ready is who answers: what the groups wait for by themselves may be over before their handlers are there.
      const served = yield* Health.startup("api", "the API is being built")
      yield* HttpServer.serveEffect(answers.next)
      const { elsewhere, endpoints } = yield* whoElse(neighbours)
      const own = new Set(endpointsOf(api).map(({ method, path }) => `${method} ${path}`))
      // An endpoint that this one has, too, is not the neighbour's.
      const others = { elsewhere, endpoints: endpoints.filter(({ method, path }) => !own.has(`${method} ${path}`)) }
      const docs = neighbourDocs(neighbours).pipe(Layer.provide(recordingRoutes(table)))
      // A handler's needs of a request are part of `R` and can't be told apart here; `groups` brings the rest.
      answers.handler = (yield* HttpRouter.toHttpEffect(
        Layer.merge(apiRoutes(api, groups, { table, ...others }, callers), docs)
      )) as Handler
      // Added last, it is the first to run: after it go the stores that handlers call.
      yield* Effect.addFinalizer(() => answers.endWith(ending))
      yield* served
    }).pipe(Effect.provideService(HttpRouter.RouterConfig, { maxParamLength: pathSegmentLengthMax }))
  ).pipe(Layer.provide(layerApiServer(port, (server) => server.on("clientError", refuseUnreadable(table)))))
}

type Handler = Effect.Effect<
  HttpServerResponse.HttpServerResponse,
  unknown,
  Scope.Scope | HttpServerRequest.HttpServerRequest
>

/** How long an app that ends waits for what it is answering. */
const answeringMillisMax = 5_000

/** By what requests are answered at the moment, and how many are. A stream, such as `/v1/events`, counts until its answer begins. */
class Answers {
  handler: Handler
  #answering = 0
  #isEnding = false
  readonly #none = Latch.makeUnsafe(true)

  constructor(handler: Handler) {
    this.handler = handler
  }

  readonly next: Handler = Effect.suspend(() => {
    this.#answering++
    this.#none.closeUnsafe()
    return this.handler.pipe(
      // Node waits for a connection that is kept, and the app with it.
      Effect.map((response) =>
        this.#isEnding ? HttpServerResponse.setHeader(response, "connection", "close") : response
      ),
      Effect.ensuring(
        Effect.sync(() => {
          if (--this.#answering === 0) this.#none.openUnsafe()
        })
      )
    )
  })

  /** Ends when nothing is being answered by another handler any more. */
  endWith(handler: Handler): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.handler = handler
      this.#isEnding = true
      return Effect.asVoid(Effect.timeoutOption(this.#none.await, answeringMillisMax))
    })
  }
}

/** Health, and 503 for everything else. */
const notServing = (detail: string) =>
  HttpRouter.toHttpEffect(
    Layer.mergeAll(
      healthRoutes(),
      HttpRouter.add("*", "/*", HttpServerRespondable.toResponse(new TemporarilyUnavailable({ detail }))),
      layerProblems({ methodsOf: () => [], elsewhere: () => undefined, endpoints: [] })
    )
  )
