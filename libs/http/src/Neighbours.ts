import { type Config, Effect, Layer } from "effect"
import { HttpRouter, type HttpServerRequest, HttpServerResponse } from "effect/http"
import type { HttpApi } from "effect/http-api"
import { endpointsOf } from "./NearestEndpoint.ts"
import type { Routes } from "./Problems.ts"
import { routesOf } from "./RouteTable.ts"

/** Another service with an HTTP API, such as `downlinkService` of `@roost/contracts`. */
export interface Neighbour {
  readonly service: string
  readonly api: HttpApi.Constraint
  readonly portVariable: string
  readonly port: Config.Config<number>
}

/** Says of a call that this service does not serve which of `neighbours` does, and what they serve. */
export const whoElse = Effect.fnUntraced(function* (
  neighbours: ReadonlyArray<Neighbour>
): Effect.fn.Return<Pick<Routes, "elsewhere" | "endpoints">, Config.ConfigError> {
  const known = yield* Effect.forEach(neighbours, ({ api, port, portVariable, service }) =>
    Effect.map(port, (number) => {
      const name = `${service} (${portVariable}, port ${number})`
      return { name, routes: routesOf(api), endpoints: endpointsOf(api, name) }
    })
  )
  return {
    elsewhere: (method, url) => known.find(({ routes }) => routes.methodsOf(url).includes(method))?.name,
    endpoints: known.flatMap(({ endpoints }) => endpoints)
  }
})

/** `/docs/{service}`: where a neighbour's documentation is, seen from whoever reads this service's. */
export const neighbourDocs = (neighbours: ReadonlyArray<Neighbour>) =>
  Layer.unwrap(
    Effect.map(
      Effect.forEach(neighbours, ({ port, service }) => Effect.map(port, (number) => [service, number] as const)),
      (known) =>
        HttpRouter.use((router) =>
          Effect.forEach(
            known,
            ([service, number]) =>
              router.add("GET", `/docs/${service}`, (request: HttpServerRequest.HttpServerRequest) => {
                const host = (request.headers["host"] ?? "localhost").replace(/:\d+$/, "")
                return Effect.succeed(HttpServerResponse.redirect(`//${host}:${number}/docs`, { status: 302 }))
              }),
            { discard: true }
          )
        )
    )
  )
