import {
  type EventCursor,
  type EventQuery,
  formatEventCursor,
  pageLengthDefault,
  parseEventCursor
} from "@roost/contracts"
import { pageOf } from "./Page.ts"

/** The store's part of a list of events: one more than a page, which tells whether there is another. */
export const eventQueryOf = ({
  cursor,
  from,
  kind,
  limit = pageLengthDefault,
  to
}: {
  readonly cursor?: string
  readonly from?: number
  readonly kind?: string
  readonly limit?: number
  readonly to?: number
}): EventQuery => ({
  kind,
  from,
  to,
  before: cursor === undefined ? undefined : parseEventCursor(cursor),
  limit: limit + 1
})

/** The page of what `eventQueryOf` found. */
export const eventPage = <A extends EventCursor>(found: ReadonlyArray<A>, limit: number = pageLengthDefault) => {
  const { items, nextCursor } = pageOf(limit, found, formatEventCursor)
  return { events: items, ...nextCursor }
}
