import { RegistryApi } from "@roost/contracts"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { eventPage, eventQueryOf } from "./EventPage.ts"
import { Strangers } from "./Strangers.ts"

export const StrangerHandlers = HttpApiBuilder.group(
  RegistryApi,
  "strangers",
  Effect.fnUntraced(function* (handlers) {
    const strangers = yield* Strangers
    return handlers.handleAll({
      listStrangers: ({ query }) =>
        Effect.sync(() => {
          const { address, identity, limit } = query
          const { events, ...rest } = eventPage(strangers.list({ ...eventQueryOf(query), address, identity }), limit)
          return { strangers: events, ...rest }
        })
    })
  })
)
