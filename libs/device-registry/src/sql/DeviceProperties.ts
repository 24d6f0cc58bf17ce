import { propertiesBytesMax, propertiesPerDeviceMax, type PropertyKind, propertyValueBytesMax } from "@roost/contracts"
import { parseJson } from "@roost/enos"
import { Effect } from "effect"
import type { DeviceId, StoredProperties } from "../RegistryStore.ts"
import { noteForSearch } from "./DeviceSearch.ts"
import type { Row, SqlSession, SqlTransaction } from "./Sql.ts"

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
  const texts = Object.entries(values).map(
    ([name, value]) => [name, value === undefined ? null : JSON.stringify(value)] as const
  )
  const sizes = new Map(
    (yield* sizesOf(sql, id, kind)).map((row) => [String(row["name"]), Number(row["bytes"])] as const)
  )
  const bytesBefore = sum(sizes.values())
  for (const [name, text] of texts) {
    if (text === null) sizes.delete(name)
    else sizes.set(name, Buffer.byteLength(text))
  }
  if (texts.some(([, text]) => text !== null)) {
    if (sizes.size > propertiesPerDeviceMax[kind]) return "TooMany" as const
    if (texts.some(([, text]) => text !== null && Buffer.byteLength(text) > propertyValueBytesMax)) {
      return { _tag: "TooLarge", bytesMax: propertyValueBytesMax } as const
    }
    // Properties that were stored under an older limit may shrink.
    const bytes = sum(sizes.values())
    if (bytes > propertiesBytesMax && bytes > bytesBefore) {
      return { _tag: "TooLarge", bytesMax: propertiesBytesMax } as const
    }
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
    texts.map(([name, text]) => [productKey, deviceKey, kind, name, text, at])
  )
  if (kind === "tag") yield* noteForSearch(sql, [id])
  return "Done" as const
})

/** By name, ascending: of these names, or of all. Undefined if there is no such device. */
export const readProperties = Effect.fnUntraced(function* (
  sql: SqlSession,
  id: DeviceId,
  kind: PropertyKind,
  names?: ReadonlyArray<string>
) {
  const device = yield* sql.get(
    "SELECT 1 AS found FROM devices WHERE product_key = ?1 AND device_key = ?2",
    id.productKey,
    id.deviceKey
  )
  if (device === undefined) return undefined
  const rows = names === undefined ? yield* rowsOf(sql, id, kind) : yield* rowsNamed(sql, id, kind, names)
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

const rowsNamed = Effect.fnUntraced(function* (
  sql: SqlSession,
  { deviceKey, productKey }: DeviceId,
  kind: PropertyKind,
  names: ReadonlyArray<string>
) {
  const rows: Array<Row> = []
  for (const name of new Set(names.toSorted())) {
    const row = yield* sql.get(
      `SELECT name, value, at FROM device_properties WHERE ${ofDevice} AND name = ?4 AND value IS NOT NULL`,
      productKey,
      deviceKey,
      kind,
      name
    )
    if (row !== undefined) rows.push(row)
  }
  return rows
})

/** Names and bytes: the values themselves are not read. */
const sizesOf = (sql: SqlSession, { deviceKey, productKey }: DeviceId, kind: PropertyKind) =>
  sql.all(
    `SELECT name, OCTET_LENGTH(value) AS bytes FROM device_properties WHERE ${ofDevice} AND value IS NOT NULL`,
    productKey,
    deviceKey,
    kind
  )

const sum = (numbers: Iterable<number>): number => {
  let total = 0
  for (const number of numbers) total += number
  return total
}
