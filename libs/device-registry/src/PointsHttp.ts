import { RegistryApi } from "@roost/contracts"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Registry } from "./Registry.ts"

export const PointHandlers = HttpApiBuilder.group(
  RegistryApi,
  "measurepoints",
  Effect.fnUntraced(function* (handlers) {
    const registry = yield* Registry
    return handlers.handleAll({
      latestValues: ({ params, query }) => registry.latestValues(params, query.ids?.split(","))
    })
  })
)
