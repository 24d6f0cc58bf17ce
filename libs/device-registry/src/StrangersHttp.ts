import { pageLengthDefault, RegistryApi } from "@roost/contracts"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { pageOf } from "./Page.ts"
import { Strangers } from "./Strangers.ts"

export const StrangerHandlers = HttpApiBuilder.group(
  RegistryApi,
  "strangers",
  Effect.fnUntraced(function* (handlers) {
    const strangers = yield* Strangers
    return handlers.handleAll({
      listStrangers: ({ query: { address, cursor, identity, limit = pageLengthDefault } }) =>
        Effect.sync(() => {
          const found = strangers.list({ address, identity, before: cursor, limit: limit + 1 })
          const { items, nextCursor } = pageOf(limit, found, ({ id }) => String(id))
          return { strangers: items, ...nextCursor }
        })
    })
  })
)
