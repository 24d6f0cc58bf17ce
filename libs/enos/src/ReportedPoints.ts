import { decodeRequest } from "./Envelope.ts"
import { isRecord } from "./model/ValueCheck.ts"
import * as Result from "effect/Result"

/** One point of a post, a resume or a batch of them. */
export interface ReportedPoint {
  readonly id: string
  readonly value: unknown
  /** 0–9; absent if the device told none. */
  readonly quality?: number
  /** Milliseconds since 1970: the post's own time, or when it was received. */
  readonly time: number
}

/**
 * The points of an uplink of kind `measurepoint` that was accepted, in the order of the message; none if the payload is not one
 * (enos-protocol §3.1, 1–4). `{"value":…,"quality":…}` is a value with its quality (§6).
 */
export const reportedPoints = (payload: Uint8Array, receivedAt: number): ReadonlyArray<ReportedPoint> => {
  const envelope = decodeRequest(payload)
  if (Result.isFailure(envelope)) return []
  const { params } = envelope.success
  return (Array.isArray(params) ? params : [params]).flatMap((post: unknown) => pointsOf(post, receivedAt))
}

const pointsOf = (post: unknown, receivedAt: number): ReadonlyArray<ReportedPoint> => {
  if (!isRecord(post) || !isRecord(post["measurepoints"])) return []
  const told = post["time"]
  const time = Number.isSafeInteger(Number(told ?? Number.NaN)) ? Number(told) : receivedAt
  return Object.entries(post["measurepoints"]).map(([id, point]) => {
    if (!hasQuality(point)) return { id, value: point, time }
    return { id, value: point.value, quality: Number(point.quality), time }
  })
}

const hasQuality = (point: unknown): point is { readonly value: unknown; readonly quality: unknown } =>
  isRecord(point) &&
  Object.keys(point).length === 2 &&
  "value" in point &&
  /^[0-9]$/.test(String((point as { readonly quality?: unknown }).quality))
