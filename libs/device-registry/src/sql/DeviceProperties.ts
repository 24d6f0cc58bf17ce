import { propertiesPerDeviceMax, type PropertyKind } from "@roost/contracts"
import { parseJson } from "@roost/enos"
import { Effect } from "effect"
import type { DeviceId, StoredProperties } from "../RegistryStore.ts"
import type { SqlSession, SqlTransaction } from "./Sql.ts"

const ofDevice = "product_key = ?1 AND device_key = ?2 AND kind = ?3"

/** How long a deleted name is remembered, so that an older update that comes late does not bring it back. */
const deletedMillis = 86_400_000

/**
 * Sets some properties and deletes those whose value is undefined, all or nothing; a name that was changed later than `at`
 * stays as it is.
 */
export const changeProperties = Effect.fnUntraced(function* (
  sql: SqlTransaction,
  id: DeviceId,
  kind: PropertyKind,
  values: Readonly<Record<string, unknown>>,
  at: number
) {
  const { deviceKey, productKey } = id
  // The device's row is locked: changes of one device come one after another.
  const device = yield* sql.get(
    `SELECT 1 AS found FROM devices WHERE product_key = ?1 AND device_key = ?2${sql.forUpdate}`,
    productKey,
    deviceKey
  )
  if (device === undefined) return "UnknownDevice" as const
  const kept = new Set((yield* rowsOf(sql, id, kind)).map((row) => String(row["name"])))
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) kept.delete(name)
    else kept.add(name)
  }
  if (kept.size > propertiesPerDeviceMax[kind] && Object.values(values).some((value) => value !== undefined)) {
    return "TooMany" as const
  }
  yield* sql.run(
    `DELETE FROM device_properties WHERE ${ofDevice} AND value IS NULL AND at < ?4`,
    productKey,
    deviceKey,
    kind,
    at - deletedMillis
  )
  yield* sql.runEach(
    `INSERT INTO device_properties (product_key, device_key, kind, name, value, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
     ON CONFLICT (product_key, device_key, kind, name) DO UPDATE SET value = excluded.value, at = excluded.at
     WHERE excluded.at >= device_properties.at`,
    Object.entries(values).map(([name, value]) => [
      productKey,
      deviceKey,
      kind,
      name,
      value === undefined ? null : JSON.stringify(value),
      at
    ])
  )
  return "Done" as const
})

/** By name, ascending; undefined if there is no such device. */
export const readProperties = Effect.fnUntraced(function* (sql: SqlSession, id: DeviceId, kind: PropertyKind) {
  const device = yield* sql.get(
    "SELECT 1 AS found FROM devices WHERE product_key = ?1 AND device_key = ?2",
    id.productKey,
    id.deviceKey
  )
  if (device === undefined) return undefined
  const rows = yield* rowsOf(sql, id, kind)
  return new Map(
    rows.map((row) => [String(row["name"]), { value: parseJson(String(row["value"])), updatedAt: Number(row["at"]) }])
  ) satisfies StoredProperties
})

const rowsOf = (sql: SqlSession, { deviceKey, productKey }: DeviceId, kind: PropertyKind) =>
  sql.all(
    `SELECT name, value, at FROM device_properties WHERE ${ofDevice} AND value IS NOT NULL ORDER BY name`,
    productKey,
    deviceKey,
    kind
  )
