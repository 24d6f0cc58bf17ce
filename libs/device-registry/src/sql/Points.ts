import { trailMax } from "@roost/contracts"
import { parseJson } from "@roost/enos"
import { metrics } from "@roost/observability"
import { Effect } from "effect"
import { pointsBatchBytesMax, pointsBytesMax, pointsPerDeviceMax, pointValueBytesMax } from "../Limits.ts"
import type { DeviceId, LatestPoint, PointsOfDevice } from "../RegistryStore.ts"
import { inLockOrder } from "./LockOrder.ts"
import type { Row, SqlSession, SqlTransaction } from "./Sql.ts"
import { addCopies, toCopy } from "./UplinkCopies.ts"

/**
 * Merges by time, so that late, repeated and shared deliveries come to the same. One row per device: a row per point cost three times
 * as much for a post of five. `devices` are as many as `batchesOf` gives at once.
 */
export const applyPoints = Effect.fnUntraced(function* (
  sql: SqlTransaction,
  devices: ReadonlyArray<PointsOfDevice>,
  copying: boolean
) {
  // Another instance must not write between reading and writing.
  yield* sql.enter("points")
  const ordered = inLockOrder(devices)
  const keys = ordered.map(({ deviceKey, productKey }) => [productKey, deviceKey] as const)
  const rows = yield* sql.getEach(select, keys)
  const copied = ordered.map(({ deviceKey, productKey, uplinks }, index) => {
    const { copiedAt, copies } = toCopy(copying ? uplinks : [], Number(rows[index]?.["copied_at"] ?? 0))
    return { deviceKey, productKey, copiedAt, copies }
  })
  yield* sql.runEach(
    `INSERT INTO device_points (product_key, device_key, points, trail, copied_at) SELECT ?1, ?2, ?3, ?4, ?5
     WHERE EXISTS (SELECT 1 FROM devices WHERE product_key = ?1 AND device_key = ?2${sql.forKeyShare})
     ON CONFLICT (product_key, device_key) DO UPDATE SET points = excluded.points, trail = excluded.trail,
       copied_at = excluded.copied_at`,
    ordered.map(({ deviceKey, points, productKey, uplinks }, index) => [
      productKey,
      deviceKey,
      encode(merge(decode(rows[index]), points)),
      encodeTrail(
        decodeTrail(rows[index]),
        uplinks.map(({ sequence }) => sequence)
      ),
      copied[index]!.copiedAt
    ])
  )
  yield* addCopies(
    sql,
    copied.filter(({ copies }) => copies.length > 0)
  )
})

/** Cuts devices into batches by the bytes that are known of each, none of which is read for it. */
export const batchesOf = Effect.fnUntraced(function* (
  sql: SqlTransaction,
  devices: ReadonlyArray<PointsOfDevice>,
  copying: boolean
) {
  const sizes = yield* sql.getEach(
    "SELECT OCTET_LENGTH(points) AS bytes, copied_at FROM device_points WHERE product_key = ?1 AND device_key = ?2",
    devices.map(({ deviceKey, productKey }) => [productKey, deviceKey])
  )
  const batches: Array<Array<PointsOfDevice>> = []
  let bytes = Infinity
  for (const [index, device] of devices.entries()) {
    const { copies } = toCopy(copying ? device.uplinks : [], Number(sizes[index]?.["copied_at"] ?? 0))
    const more =
      Number(sizes[index]?.["bytes"] ?? 0) + device.points.size * pointBytes + (copies.length > 0 ? copiesBytes : 0)
    bytes += more
    if (bytes > pointsBatchBytesMax) {
      batches.push([])
      bytes = more
    }
    batches.at(-1)!.push(device)
  }
  return batches
})

/** Of a point that comes, roughly. */
const pointBytes = 100
/** Of a device's copies, in time: 0.1 ms to read, pack and write them. */
const copiesBytes = 1_024

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

export const readTrail = (sql: SqlSession, { deviceKey, productKey }: DeviceId) =>
  Effect.map(sql.get(select, productKey, deviceKey), decodeTrail)

const select = "SELECT points, trail, copied_at FROM device_points WHERE product_key = ?1 AND device_key = ?2"

/** Oldest first, each as what it is more than the one before, to the base 36: four or five characters instead of fifteen. */
const encodeTrail = (known: ReadonlyArray<number>, news: ReadonlyArray<number>): string => {
  const inOrder = [...new Set([...known, ...news])].sort((a, b) => a - b).slice(-trailMax)
  return inOrder.map((sequence, index) => (sequence - (inOrder[index - 1] ?? 0)).toString(36)).join()
}

const decodeTrail = (row: Row | undefined): ReadonlyArray<number> => {
  const text = String(row?.["trail"] ?? "")
  if (text === "") return []
  let sequence = 0
  return text.split(",").map((more) => (sequence += Number.parseInt(more, 36)))
}

type Points = ReadonlyMap<string, LatestPoint>

const merge = (known: Points, news: Points): Points => {
  const merged = new Map(known)
  for (const [id, point] of news) if (point.order >= (known.get(id)?.order ?? -Infinity)) merged.set(id, point)
  return merged
}

const decode = (row: Row | undefined): Points =>
  new Map(row === undefined ? [] : Object.entries(parseJson(String(row["points"])) as Record<string, LatestPoint>))

/** Points over a bound are left out: values that are too large, then the points that were reported longest ago. */
const encode = (points: Points): string => {
  const texts: Array<readonly [text: string, order: number]> = []
  let bytes = 2
  for (const [id, point] of points) {
    const text = `${JSON.stringify(id)}:${JSON.stringify(point)}`
    // A UTF-16 unit takes three bytes at the most.
    const size = text.length * 3 <= pointValueBytesMax ? text.length : Buffer.byteLength(text)
    if (size > pointValueBytesMax) {
      tooLarge.inc()
      continue
    }
    bytes += size + 1
    texts.push([text, point.order])
  }
  if (bytes > pointsBytesMax / 3 || texts.length > pointsPerDeviceMax) return encodeNewest(texts)
  return `{${texts.map(([text]) => text).join()}}`
}

const encodeNewest = (texts: Array<readonly [text: string, order: number]>): string => {
  const kept: Array<string> = []
  let bytes = 2
  for (const [text] of texts.sort(([, a], [, b]) => b - a)) {
    bytes += Buffer.byteLength(text) + 1
    if (bytes > pointsBytesMax || kept.length === pointsPerDeviceMax) break
    kept.push(text)
  }
  return `{${kept.join()}}`
}

const tooLarge = metrics.counter(
  "roost_registry_points_too_large_total",
  "Latest values that were not kept since they are too large."
)
