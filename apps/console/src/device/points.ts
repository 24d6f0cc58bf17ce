import { nearestNumber } from "../api/Numeral.ts"

/** A value that a device reported of a point, with its time in milliseconds since 1970. */
export interface Reported {
  readonly id: string
  readonly value: unknown
  readonly quality?: unknown
  readonly at: number
}

interface Told {
  readonly payload?: unknown
  readonly time: number
}

type Json = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)

/** The points of an uplink, of a post, a resume or a batch of them (enos-protocol §3.1); none where it is something else. */
export const reportedPoints = ({ payload, time }: Told): ReadonlyArray<Reported> => {
  const params = isRecord(payload) ? payload["params"] : undefined
  return (Array.isArray(params) ? params : [params]).flatMap((post: unknown) => {
    if (!isRecord(post) || !isRecord(post["measurepoints"])) return []
    const told = nearestNumber(post["time"]) ?? Number(post["time"])
    const at = Number.isFinite(told) && told > 0 ? told : time
    return Object.entries(post["measurepoints"]).map(([id, point]): Reported => {
      const qualified = isRecord(point) && "value" in point && "quality" in point && Object.keys(point).length === 2
      return qualified ? { id, at, value: point["value"], quality: point["quality"] } : { id, at, value: point }
    })
  })
}

/** The newest values of a device's points, by point. */
export type LatestPoints = Readonly<Record<string, Omit<Reported, "id" | "at"> & { readonly time: unknown }>>

/**
 * The values of a device's points that were read, with those that came live since. The registry files values a second behind the stream,
 * so of each point the newer one counts, by the device's time.
 */
export const withLive = (latest: LatestPoints, live: ReadonlyArray<Told>): LatestPoints => {
  const points: Record<string, LatestPoints[string]> = { ...latest }
  for (const uplink of live.toReversed()) {
    for (const { at, id, ...value } of reportedPoints(uplink)) {
      const known = nearestNumber(points[id]?.time)
      if (known === undefined || known <= at) points[id] = { ...value, time: at }
    }
  }
  return points
}

/** Times and values of one point, oldest first, as a chart draws them. */
export interface Series {
  readonly times: ReadonlyArray<number>
  readonly values: ReadonlyArray<number>
}

/** The numbers among the reports, by point. Other values can't be drawn. */
export const seriesOf = (uplinks: ReadonlyArray<Told>): ReadonlyMap<string, Series> => {
  const byPoint = new Map<string, Array<{ readonly at: number; readonly value: number }>>()
  for (const uplink of uplinks) {
    for (const { at, id, value } of reportedPoints(uplink)) {
      const drawn = typeof value === "boolean" ? Number(value) : nearestNumber(value)
      if (drawn === undefined) continue
      const points = byPoint.get(id) ?? []
      points.push({ at, value: drawn })
      byPoint.set(id, points)
    }
  }
  return new Map(
    [...byPoint].map(([id, points]) => {
      const sorted = points.toSorted((a, b) => a.at - b.at)
      return [id, { times: sorted.map(({ at }) => at), values: sorted.map(({ value }) => value) }]
    })
  )
}

/** A value as people read it: texts without quotes, the rest as JSON has it. */
export const valueText = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""))
