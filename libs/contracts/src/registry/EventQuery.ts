import * as Schema from "effect/Schema"
import { DeviceEventKind } from "../DeviceEventKind.ts"
import { cursorOf, limit } from "../http/EndpointParts.ts"

/** Where a page of events ended: the last one's time and id, such as `1764478430000-71`. */
export interface EventCursor {
  readonly at: number
  readonly id: number
}

export const formatEventCursor = ({ at, id }: EventCursor): string => `${at}-${id}`

/** Of a text that `EventCursorText` takes. */
export const parseEventCursor = (text: string): EventCursor => {
  const [at, id] = text.split("-")
  return { at: Number(at), id: Number(id) }
}

export const EventCursorText = Schema.String.check(
  Schema.isPattern(/^[0-9]{1,15}-[0-9]{1,15}$/u, { message: "expected the nextCursor of the page before" })
)

/** A query's numbers are `Schema.Int`, whose text is a numeral: `FiniteFromString` takes an empty text for 0. */
const millis = (description: string) =>
  Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10 ** 15 })).annotate({ description })

/** Of all lists of events: the time that counts is `at`, whatever the order in which events were stored. */
export const eventTimes = {
  from: Schema.optionalKey(millis("Events at or after this time, milliseconds since 1970.")),
  to: Schema.optionalKey(millis("Events before this time, milliseconds since 1970."))
}

/** Selects the events of a list, newest first. */
export interface EventQuery {
  readonly kind?: string | undefined
  readonly from?: number | undefined
  readonly to?: number | undefined
  /** Older ones than this only. */
  readonly before?: EventCursor | undefined
  readonly limit: number
}

/** The query of lists of events of devices and products. */
export const eventListQuery = {
  kind: Schema.optionalKey(DeviceEventKind.annotate({ description: "Events of this kind only." })),
  ...eventTimes,
  cursor: cursorOf(EventCursorText),
  limit
}
