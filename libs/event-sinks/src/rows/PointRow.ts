import type { ApplicationEvent } from "@roost/contracts"
import { type ExactNumber, exactValueOf, isExactNumber, isJsonNumber, numeralOf, pointsOfParams } from "@roost/enos"
import { storable, storableJson } from "./StorableJson.ts"

/** One row of a sink's table. A value is in the column of its type. */
export interface PointRow {
  /** Milliseconds since 1970: the device's own time of the value where it told one. */
  readonly time: number
  readonly product: string
  readonly device: string
  /** Of an uplink its kind, such as `measurepoint`; `presence`, `command` or `log` else. */
  readonly kind: string
  /** The point's, attribute's, tag's or event's name; empty where the event is kept whole. */
  readonly point: string
  readonly number: number | null
  readonly text: string | null
  readonly boolean: boolean | null
  /** JSON. Beside `number` it is there where a double can't hold the number exactly. */
  readonly json: string | null
  readonly quality: number | null
  /** The event's: the same however often it comes. */
  readonly id: string
}

/** The latest time that a row may have, the end of 9999: a device's clock may say anything. */
const timeMax = 253_402_300_799_999

/**
 * The rows of an event, never none: what has no points is one row with all of it in JSON. `points` of an event that a script made are
 * its rows, whatever else it has.
 */
export const rowsOf = (event: ApplicationEvent): ReadonlyArray<PointRow> => {
  const received = timeOf(event["time"], 0)
  const of = (point: string, value: Partial<PointRow>, time = received, kind = kindOf(event)): PointRow => ({
    time,
    product: storable(event.productKey),
    device: storable(event.deviceKey),
    kind,
    point,
    number: null,
    text: null,
    boolean: null,
    json: null,
    quality: null,
    id: storable(event.id),
    ...value
  })
  const named = (values: object) =>
    Object.entries(values).map(([name, value]) => of(storable(name), valueOf(value), received))
  const whole = (value: unknown): ReadonlyArray<PointRow> => [of("", { json: storableJson(value) })]
  if (isRecord(event["points"])) return orWhole(named(event["points"]), () => whole(event))
  switch (event.type) {
    case "presence":
      return [of("state", { text: textOf(event["state"]), json: storableJson(event) })]
    case "command":
      return [
        of(textOf(event["identifier"] ?? event["kind"]), { text: textOf(event["state"]), json: storableJson(event) })
      ]
    case "log":
      return [of(textOf(event["kind"]), { text: textOf(event["reason"]), json: storableJson(event) })]
    case "uplink":
  }
  if (typeof event["raw"] === "string") return [of("", { text: event["raw"] })]
  const payload = event["payload"]
  const params = isRecord(payload) ? payload["params"] : undefined
  switch (event["kind"]) {
    case "measurepoint": {
      const rows = pointsOfParams(params, received).map(({ id, quality, time, value }) =>
        of(
          storable(id),
          { ...valueOf(value), quality: quality === undefined ? null : exactValueOf(quality) },
          timeOf(time, received)
        )
      )
      return orWhole(rows, () => whole(payload))
    }
    case "attribute":
      return orWhole(isRecord(params) && isRecord(params["attributes"]) ? named(params["attributes"]) : [], () =>
        whole(payload)
      )
    case "tag":
      return orWhole(
        tagsOf(params).map(([key, value]) => of(storable(key), valueOf(value))),
        () => whole(payload)
      )
    case "event": {
      const name = /^thing\.event\.(.+)\.post$/.exec(textOf(event["method"]))?.[1]
      if (name === undefined || !isRecord(params)) return whole(payload)
      return [of(storable(name), { json: storableJson(params["events"] ?? null) }, timeOf(params["time"], received))]
    }
    default:
      return whole(payload)
  }
}

const kindOf = (event: ApplicationEvent): string => (event.type === "uplink" ? textOf(event["kind"]) : event.type)

const orWhole = (rows: ReadonlyArray<PointRow>, whole: () => ReadonlyArray<PointRow>): ReadonlyArray<PointRow> =>
  rows.length === 0 ? whole() : rows

/** A value in the column of its type; null is none of them, and JSON's null. */
export const valueOf = (value: unknown): Pick<PointRow, "number" | "text" | "boolean" | "json"> => {
  if (typeof value === "number") return { ...none, number: value }
  if (typeof value === "string") return { ...none, text: storable(value) }
  if (typeof value === "boolean") return { ...none, boolean: value }
  if (isExactNumber(value)) return numberOf(value)
  return { ...none, json: storableJson(value) }
}

const numberOf = (value: ExactNumber) => {
  const near = Number(value.rawJSON)
  const exact = Object.is(exactValueOf(value), near)
  return { ...none, number: Number.isFinite(near) ? near : null, json: exact ? null : value.rawJSON }
}

const none = { number: null, text: null, boolean: null, json: null }

const timeOf = (time: unknown, otherwise: number): number => {
  const millis = isJsonNumber(time) ? Number(numeralOf(time)) : Number.NaN
  return millis >= 0 && millis <= timeMax ? Math.trunc(millis) : otherwise
}

const tagsOf = (params: unknown): ReadonlyArray<readonly [string, unknown]> =>
  Array.isArray(params)
    ? params.flatMap((tag: unknown) =>
        isRecord(tag) && typeof tag["tagKey"] === "string" ? [[tag["tagKey"], tag["tagValue"]] as const] : []
      )
    : []

const textOf = (value: unknown): string => (typeof value === "string" ? storable(value) : "")

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !isExactNumber(value)
