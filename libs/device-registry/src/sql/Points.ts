import { parseJson } from "@roost/enos"
import { Effect } from "effect"
import { pointsPerDeviceMax } from "../Limits.ts"
import type { DeviceId, LatestPoint, PointsOfDevice } from "../RegistryStore.ts"
import type { Row, SqlSession, SqlTransaction } from "./Sql.ts"

/**
 * Merges by time, so that late, repeated and shared deliveries come to the same. One row per device: a row per point cost three times
 * as much for a post of five.
 */
export const applyPoints = Effect.fnUntraced(function* (sql: SqlTransaction, devices: ReadonlyArray<PointsOfDevice>) {
  // Another instance must not write between reading and writing.
  yield* sql.enter("points")
  const keys = devices.map(({ deviceKey, productKey }) => [productKey, deviceKey] as const)
  const rows = yield* sql.getEach(select, keys)
  yield* sql.runEach(
    `INSERT INTO device_points (product_key, device_key, points) SELECT ?1, ?2, ?3
     WHERE EXISTS (SELECT 1 FROM devices WHERE product_key = ?1 AND device_key = ?2)
     ON CONFLICT (product_key, device_key) DO UPDATE SET points = excluded.points`,
    devices.map(({ points }, index) => [...keys[index]!, encode(merge(decode(rows[index]), points))])
  )
})

/** Undefined if there is no such device. */
export const readPoints = Effect.fnUntraced(function* (sql: SqlSession, { deviceKey, productKey }: DeviceId) {
  const device = yield* sql.get(
    "SELECT 1 AS found FROM devices WHERE product_key = ?1 AND device_key = ?2",
    productKey,
    deviceKey
  )
  if (device === undefined) return undefined
  return decode(yield* sql.get(select, productKey, deviceKey))
})

const select = "SELECT points FROM device_points WHERE product_key = ?1 AND device_key = ?2"

type Points = ReadonlyMap<string, LatestPoint>

const merge = (known: Points, news: Points): Points => {
  const merged = new Map(known)
  for (const [id, point] of news) if (point.order >= (known.get(id)?.order ?? -Infinity)) merged.set(id, point)
  if (merged.size <= pointsPerDeviceMax) return merged
  return new Map([...merged].sort(([, a], [, b]) => b.order - a.order).slice(0, pointsPerDeviceMax))
}

const decode = (row: Row | undefined): Points =>
  new Map(row === undefined ? [] : Object.entries(parseJson(String(row["points"])) as Record<string, LatestPoint>))

const encode = (points: Points): string => JSON.stringify(Object.fromEntries(points))
