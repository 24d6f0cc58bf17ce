import { type ExactNumber, isJsonNumber } from "./json/ExactNumber.ts"
import { decodeRequest } from "./Envelope.ts"
import { isQuality } from "./model/CompiledThingModel.ts"
import { isRecord } from "./model/ValueCheck.ts"
import * as Result from "effect/Result"

/** One point of a post, a resume or a batch of them. */
export interface ReportedPoint {
  readonly id: string
  readonly value: unknown
  /** 0–9; absent if the device told none. */
  readonly quality?: number | ExactNumber
  /** Milliseconds since 1970: the post's own time as it was written, or when it was received. */
  readonly time: number | ExactNumber
}

/**
 * The points of an uplink of kind `measurepoint` that was accepted, in the order of the message. There is none if the payload is not one
 * (enos-protocol §3.1.1–3.1.4). `{"value":…,"quality":…}` is a value with its quality (§6).
 */
export const reportedPoints = (payload: Uint8Array, receivedAt: number): ReadonlyArray<ReportedPoint> => {
  const envelope = decodeRequest(payload)
  if (Result.isFailure(envelope)) return []
  return pointsOfParams(envelope.success.params, receivedAt)
}

/** The same of the envelope's `params`. */
export const pointsOfParams = (params: unknown, receivedAt: number): ReadonlyArray<ReportedPoint> =>
  (Array.isArray(params) ? params : [params]).flatMap((post: unknown) => pointsOf(post, receivedAt))

const pointsOf = (post: unknown, receivedAt: number): ReadonlyArray<ReportedPoint> => {
  if (!isRecord(post) || !isRecord(post["measurepoints"])) return []
  const told = post["time"]
  const time = isJsonNumber(told) ? told : numberInText(told, /^[0-9]{1,15}$/, receivedAt)
  return Object.entries(post["measurepoints"]).map(([id, point]) => {
    if (!hasQuality(point)) return { id, value: point, time }
    const { quality, value } = point
    return { id, value, quality: isJsonNumber(quality) ? quality : Number(quality), time }
  })
}

interface Qualified {
  readonly value: unknown
  readonly quality: number | ExactNumber | string
}

const hasQuality = (point: unknown): point is Qualified =>
  isRecord(point) &&
  Object.keys(point).length === 2 &&
  Object.hasOwn(point, "value") &&
  (isQuality(point["quality"]) || /^[0-9]$/.test(String(point["quality"])))

/** EnOS's own samples send numbers as text. */
const numberInText = (text: unknown, pattern: RegExp, otherwise: number): number =>
  typeof text === "string" && pattern.test(text) ? Number(text) : otherwise
