import * as Schema from "effect/Schema"
import { OpenApi } from "effect/http-api"

export const pageLengthMax = 200
export const pageLengthDefault = 50

export const limit = Schema.optionalKey(
  Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: pageLengthMax })).annotate({
    description: "How many a page has at most.",
    default: pageLengthDefault
  })
)
/** Where the page before ended, by what its items are ordered by. */
export const cursorOf = <Position extends Schema.Top>(position: Position) =>
  Schema.optionalKey(
    position.annotate({ description: "The `nextCursor` of the page before; the first page if absent." })
  )
export const nextCursor = Schema.optionalKey(
  Schema.String.annotate({ description: "`cursor` of the next page; absent on the last one." })
)
/** The purpose of an endpoint, in the specification. */
export const describe = (summary: string, description?: string) =>
  OpenApi.annotations({ summary, ...(description === undefined ? {} : { description }) })
