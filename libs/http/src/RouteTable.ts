import { Effect, Layer } from "effect"
import { FindMyWay, HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { type HttpApi, type HttpApiGroup, OpenApi } from "effect/http-api"
import { pathSegmentLengthMax } from "./RequestLimits.ts"
import { timed } from "./RouteTimes.ts"

/** The paths that are answered, and by which methods: what a router knows and does not tell. */
export class RouteTable {
  readonly #router = FindMyWay.make<FindMyWay.PathInput>({ maxParamLength: pathSegmentLengthMax })
  readonly #methods = new Set<string>()
  readonly #added = new Set<string>()

  add(method: string, path: FindMyWay.PathInput): void {
    // A layer that is built again brings its routes again.
    if (this.#added.has(`${method} ${path}`)) return
    this.#added.add(`${method} ${path}`)
    this.#methods.add(method)
    this.#router.on(method, path, path)
  }

  /**
   * In the order of `Allow`; none where nothing answers the address. An endpoint that answers GET answers HEAD. Of several paths that have
   * the address,
   * it is the one that says most of it: `/things/a:turn` is no thing with this name.
   */
  methodsOf(url: string): ReadonlyArray<string> {
    const found = [...this.#methods].flatMap((method) => {
      const route = this.#router.find(method, url)?.handler
      return route === undefined ? [] : [{ method, route }]
    })
    const longest = Math.max(...found.map(({ route }) => route.length))
    const methods = found.filter(({ route }) => route.length === longest).map(({ method }) => method)
    return (methods.includes("GET") ? [...methods, "HEAD"] : methods).toSorted()
  }
}

/** Notes in `table` every route that the layers under it add, and measures how long each takes. */
export const recordingRoutes = (table: RouteTable): Layer.Layer<HttpRouter.HttpRouter, never, HttpRouter.HttpRouter> =>
  Layer.effect(
    HttpRouter.HttpRouter,
    Effect.map(HttpRouter.HttpRouter, (router) =>
      HttpRouter.HttpRouter.of({
        ...router,
        addAll: (routes) => {
          for (const { method, path } of routes) if (method !== "*") table.add(method, path)
          return router.addAll(
            routes.map((route) => ({ ...route, handler: timed(route.method, route.path, route.handler) })) as never
          )
        },
        add: (method, path, handler, options) => {
          if (method !== "*") table.add(method, path)
          return router.add(method, path, timed(method, path, effectOf(handler)), options)
        }
      })
    )
  )

const effectOf = <E, R>(
  handler:
    | HttpServerResponse.HttpServerResponse
    | Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
    | ((request: HttpServerRequest.HttpServerRequest) => Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>)
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | HttpServerRequest.HttpServerRequest> => {
  if (HttpServerResponse.isHttpServerResponse(handler)) return Effect.succeed(handler)
  return Effect.isEffect(handler) ? handler : Effect.flatMap(HttpServerRequest.HttpServerRequest, handler)
}

/** The routes that an API's specification has, such as another service's. */
export const routesOf = (api: HttpApi.Constraint): RouteTable => {
  const table = new RouteTable()
  const { paths } = OpenApi.fromApi(api as HttpApi.HttpApi<string, HttpApiGroup.Constraint>)
  for (const [path, operations] of Object.entries(paths)) {
    // A colon that begins no parameter is written twice, and ends one only after an expression.
    const route = path
      .replaceAll(":", "::")
      .replaceAll(/\{(\w+)\}(?=:)/g, ":$1(.*?)")
      .replaceAll(/\{(\w+)\}/g, ":$1")
    for (const method of Object.keys(operations)) table.add(method.toUpperCase(), route as FindMyWay.PathInput)
  }
  return table
}
