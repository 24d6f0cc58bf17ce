import { type Config, Effect } from "effect"
import type { HttpApi } from "effect/http-api"
import type { Routes } from "./Problems.ts"
import { routesOf } from "./RouteTable.ts"

/** Another service with an HTTP API, such as `downlinkService` of `@roost/contracts`. */
export interface Neighbour {
  readonly service: string
  readonly api: HttpApi.Constraint
  readonly portVariable: string
  readonly port: Config.Config<number>
}

/** Says of a call that this service does not serve which of `neighbours` does. */
export const whoElse = Effect.fnUntraced(function* (
  neighbours: ReadonlyArray<Neighbour>
): Effect.fn.Return<Routes["elsewhere"], Config.ConfigError> {
  const known = yield* Effect.forEach(neighbours, ({ api, port, portVariable, service }) =>
    Effect.map(port, (number) => ({ name: `${service} (${portVariable}, port ${number})`, routes: routesOf(api) }))
  )
  return (method, url) => known.find(({ routes }) => routes.methodsOf(url).includes(method))?.name
})
