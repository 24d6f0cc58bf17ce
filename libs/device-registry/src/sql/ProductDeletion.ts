import { Duration, Effect } from "effect"
import { deletionRowsMax } from "../Limits.ts"
import type { DeletionStart, DeletionStep, DeviceId } from "../RegistryStore.ts"
import { noteForSearch } from "./DeviceSearch.ts"
import { nextVersion, noteChange } from "./Devices.ts"
import { tellProfile } from "./Models.ts"
import { deviceColumns, deviceOf } from "./Rows.ts"
import type { Row, SqlSession, SqlTransaction } from "./Sql.ts"

/** From here on the product lets no device in and is nobody's any more. Its devices go in steps, as its size may be anything. */
export const beginDeletion = Effect.fnUntraced(function* (
  sql: SqlTransaction,
  productKey: string,
  force: boolean,
  now: number
): Effect.fn.Return<DeletionStart> {
  const product = yield* sql.get(
    `SELECT deleting_since FROM products WHERE product_key = ?1${sql.forUpdate}`,
    productKey
  )
  if (product === undefined) return "Unknown"
  if (product["deleting_since"] !== null) return "Begun"
  if (!force && (yield* anyDevice(sql, productKey)) !== undefined) return "InUse"
  yield* sql.run("UPDATE products SET deleting_since = ?2 WHERE product_key = ?1", productKey, now)
  // The actors keep keys until they hear that their product changed.
  yield* tellProfile(sql, { productKey })
  return "Begun"
})

/** Devices behind `after`, at most `limit` of them, and the key of the last. */
export const countDevices = (sql: SqlSession, productKey: string, after: string, limit: number) =>
  Effect.map(
    sql.get(
      `SELECT COUNT(*) AS n, MAX(device_key) AS last FROM (
         SELECT device_key FROM devices WHERE product_key = ?1 AND device_key > ?2 ORDER BY device_key LIMIT ?3) AS page`,
      productKey,
      after,
      limit
    ),
    (row) => ({ count: Number(row!["n"]), last: row!["last"] === null ? undefined : String(row!["last"]) })
  )

/** Oldest first. */
export const listDeletions = (sql: SqlSession) =>
  Effect.map(
    sql.all("SELECT product_key FROM products WHERE deleting_since IS NOT NULL ORDER BY deleting_since, product_key"),
    (rows) => rows.map((row) => String(row["product_key"]))
  )

/** Some of the product's devices, at most `limit`, with all that there is of them, and word to the actors. */
export const deleteDevicesOf = (sql: SqlTransaction, productKey: string, limit: number, now: number) =>
  Effect.andThen(sql.enter("events"), stepOf(sql, deleteSomeDevices(sql, productKey, limit, now)))

/** Events of the product and of who came as its device, at most `limit`. */
export const deleteEventsOf = (sql: SqlTransaction, productKey: string, limit: number) =>
  Effect.andThen(
    sql.enter("events"),
    stepOf(
      sql,
      sql.run(
        "DELETE FROM device_events WHERE id IN (SELECT id FROM device_events WHERE product_key = ?1 LIMIT ?2)",
        productKey,
        limit
      )
    )
  )

/**
 * PostgreSQL and the way there have most of the time, the thread has the rest. Counted whole, steps shrank to three devices on a busy
 * machine: 10 000 took 82 s, and take 43 s.
 */
const stepOf = (sql: SqlTransaction, work: Effect.Effect<number>): Effect.Effect<DeletionStep> =>
  Effect.map(Effect.timed(work), ([took, deleted]) => ({
    deleted,
    millis: Duration.toMillis(took) / (sql.forUpdate === "" ? 1 : elsewhereShare)
  }))

/** A step there may take 50 ms, as long as events and presence of others wait for it. */
const elsewhereShare = 5

const deleteSomeDevices = Effect.fnUntraced(function* (
  sql: SqlTransaction,
  productKey: string,
  limit: number,
  now: number
) {
  const rows = yield* sql.all(
    `SELECT ${deviceColumns} FROM devices WHERE product_key = ?1 ORDER BY device_key LIMIT ?2${sql.forUpdate}`,
    productKey,
    limit
  )
  const found = rows.map(deviceOf)
  const devices = found.slice(0, within(deletionRowsMax, yield* sql.getEach(rowsOfDevice, found.map(keysOf))))
  const keys = devices.map(keysOf)
  for (const table of ["device_events", "activation_attempts", "devices"] as const) {
    yield* sql.runEach(`DELETE FROM ${table} WHERE product_key = ?1 AND device_key = ?2`, keys)
  }
  yield* noteForSearch(sql, devices)
  yield* sql.runEach(
    noteChange,
    devices.map((device) => {
      const { deviceKey } = device
      const credentialVersion = nextVersion(device, now)
      return [JSON.stringify({ productKey, deviceKey, change: "deleted", credentialVersion })]
    })
  )
  return devices.length
})

/** The product itself and its scripts. False: it has devices. */
export const finishDeletion = Effect.fnUntraced(function* (sql: SqlTransaction, productKey: string) {
  // A device that is being registered holds the row.
  yield* sql.get(`SELECT 1 AS found FROM products WHERE product_key = ?1${sql.forUpdate}`, productKey)
  if ((yield* anyDevice(sql, productKey)) !== undefined) return false
  for (const table of ["product_scripts", "activation_attempts", "products"] as const) {
    yield* sql.run(`DELETE FROM ${table} WHERE product_key = ?1`, productKey)
  }
  yield* tellProfile(sql, { productKey })
  return true
})

const anyDevice = (sql: SqlSession, productKey: string) =>
  sql.get("SELECT 1 AS found FROM devices WHERE product_key = ?1 LIMIT 1", productKey)

const keysOf = ({ deviceKey, productKey }: DeviceId) => [productKey, deviceKey] as const

/** Events and properties, and latest values and copies of uplinks as the pages that they are on. */
const rowsOfDevice = `SELECT
  (SELECT COUNT(*) FROM device_events WHERE product_key = ?1 AND device_key = ?2)
  + (SELECT COUNT(*) FROM device_properties WHERE product_key = ?1 AND device_key = ?2)
  + COALESCE((SELECT OCTET_LENGTH(points) / 1024 FROM device_points WHERE product_key = ?1 AND device_key = ?2), 0)
  + COALESCE((SELECT OCTET_LENGTH(uplinks) / 1024 FROM device_uplinks WHERE product_key = ?1 AND device_key = ?2), 0)
  AS n`

/** How many of these come to no more than `rowsMax` rows; one at least. */
const within = (rowsMax: number, sizes: ReadonlyArray<Row | undefined>): number => {
  let rows = 0
  const end = sizes.findIndex((row, index) => (rows += Number(row?.["n"] ?? 0)) > rowsMax && index > 0)
  return end === -1 ? sizes.length : end
}
