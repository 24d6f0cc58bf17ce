import type { CredentialChange } from "@roost/contracts"
import { Effect } from "effect"
import type { CredentialUpdate, DeviceId, DevicePage, NewStoredDevice, StoredDevice } from "../RegistryStore.ts"
import { addEvent } from "./DeviceLog.ts"
import { noteForSearch } from "./DeviceSearch.ts"
import { deviceColumns, deviceOf } from "./Rows.ts"
import type { SqlSession, SqlTransaction } from "./Sql.ts"

/** All of one product; undefined if there is no such product. */
export const insertDevices = Effect.fnUntraced(function* (
  sql: SqlTransaction,
  devices: ReadonlyArray<NewStoredDevice>
) {
  const product = yield* sql.get(
    "SELECT 1 AS found FROM products WHERE product_key = ?1 AND deleting_since IS NULL",
    devices[0]?.productKey ?? ""
  )
  if (product === undefined && devices.length > 0) return undefined
  // Imports of the same devices at two instances meet them in the same order, so that neither waits for the other for ever.
  const order = devices.map((_, index) => index).sort((a, b) => compare(devices[a]!.deviceKey, devices[b]!.deviceKey))
  const inserted = yield* sql.runEach(
    `INSERT INTO devices (product_key, device_key, asset_id, device_name, secret, secret_key_id, credential_version,
       created_at)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7) ON CONFLICT (product_key, device_key) DO NOTHING`,
    order.map((index) => {
      const { assetId, createdAt, deviceKey, deviceName, productKey, secret } = devices[index]!
      // The version is from the clock, so that it grows over a deletion and a new device of the same key, too.
      return [productKey, deviceKey, assetId, deviceName, secret.bytes, secret.keyId, createdAt]
    })
  )
  const results = devices.map(() => false)
  order.forEach((index, i) => (results[index] = inserted[i] === 1))
  yield* noteForSearch(
    sql,
    devices.filter((_, index) => results[index])
  )
  return results
})

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export const findDevice = (sql: SqlSession, { productKey, deviceKey }: DeviceId, lock = "") =>
  Effect.map(
    sql.get(
      `SELECT ${deviceColumns} FROM devices WHERE product_key = ?1 AND device_key = ?2${lock}`,
      productKey,
      deviceKey
    ),
    (row) => (row === undefined ? undefined : deviceOf(row))
  )

export const findAsset = (sql: SqlSession, assetId: string) =>
  Effect.map(sql.get(`SELECT ${deviceColumns} FROM devices WHERE asset_id = ?1`, assetId), (row) =>
    row === undefined ? undefined : deviceOf(row)
  )

export const listDevices = (sql: SqlSession, productKey: string, { after, limit, status }: DevicePage) => {
  const page = "device_key > ?2 ORDER BY device_key LIMIT ?3"
  const select = `SELECT ${deviceColumns} FROM devices WHERE product_key = ?1`
  const rows =
    status === undefined
      ? sql.all(`${select} AND ${page}`, productKey, after ?? "", limit)
      : sql.all(`${select} AND status = ?4 AND ${page}`, productKey, after ?? "", limit, status)
  return Effect.map(rows, (found) => found.map(deviceOf))
}

export const renameDevice = (sql: SqlSession, id: DeviceId, deviceName: string) =>
  noteForSearch(sql, [id]).pipe(
    Effect.andThen(
      sql.run(
        "UPDATE devices SET device_name = ?3 WHERE product_key = ?1 AND device_key = ?2",
        id.productKey,
        id.deviceKey,
        deviceName
      )
    ),
    Effect.andThen(findDevice(sql, id))
  )

export const updateCredential = Effect.fnUntraced(function* (
  sql: SqlTransaction,
  id: DeviceId,
  update: CredentialUpdate,
  now: number
) {
  const device = yield* findDevice(sql, id, sql.forUpdate)
  if (device === undefined) return undefined
  if (update._tag === "Enabled" && (device.status !== "disabled") === update.enabled) return device
  const version = nextVersion(device, now)
  if (update._tag === "Enabled") {
    yield* sql.run(
      "UPDATE devices SET enabled = ?3, credential_version = ?4 WHERE product_key = ?1 AND device_key = ?2",
      id.productKey,
      id.deviceKey,
      update.enabled ? 1 : 0,
      version
    )
  } else {
    yield* sql.run(
      `UPDATE devices SET secret = ?3, secret_key_id = ?4, activation_request = NULL, credential_version = ?5
       WHERE product_key = ?1 AND device_key = ?2`,
      id.productKey,
      id.deviceKey,
      update.secret.bytes,
      update.secret.keyId,
      version
    )
  }
  const change = update._tag !== "Enabled" ? "secret" : update.enabled ? "enabled" : "disabled"
  yield* tell(sql, { ...keysOf(id), change, credentialVersion: version }, now)
  return yield* findDevice(sql, id)
})

export const deleteDevice = Effect.fnUntraced(function* (sql: SqlTransaction, id: DeviceId, now: number) {
  // Before the device is locked (`LockOrder`): whoever files events asks whether there is such a device.
  yield* sql.enter("events")
  const device = yield* findDevice(sql, id, sql.forUpdate)
  if (device === undefined) return false
  const { productKey, deviceKey } = id
  yield* sql.run("DELETE FROM devices WHERE product_key = ?1 AND device_key = ?2", productKey, deviceKey)
  yield* noteForSearch(sql, [id])
  yield* tell(sql, { ...keysOf(id), change: "deleted", credentialVersion: nextVersion(device, now) }, now)
  yield* sql.run(
    "UPDATE device_events SET stranger = 1 WHERE product_key = ?1 AND device_key = ?2",
    productKey,
    deviceKey
  )
  yield* sql.run("DELETE FROM activation_attempts WHERE product_key = ?1 AND device_key = ?2", productKey, deviceKey)
  return true
})

export const noteChange = "INSERT INTO credential_changes (change) VALUES (?1)"

/** Leaves the message for the actors in the same transaction, and a line for the operator. */
export const tell = Effect.fnUntraced(function* (
  sql: SqlTransaction,
  change: CredentialChange,
  now: number,
  event = { kind: `credential-${change.change}`, reason: told[change.change] }
) {
  yield* sql.run(noteChange, JSON.stringify(change))
  yield* addEvent(sql, {
    ...keysOf(change),
    ...event,
    at: now,
    address: ""
  })
})

const told: Readonly<Record<CredentialChange["change"], string>> = {
  secret: "the device has a new secret; a session under the old one ended",
  disabled: "an operator disabled the device; its session ended",
  enabled: "an operator enabled the device",
  deleted: "an operator deleted the device; its session ended"
}

export const nextVersion = ({ credentialVersion }: StoredDevice, now: number): number =>
  Math.max(credentialVersion + 1, now)

const keysOf = ({ productKey, deviceKey }: DeviceId): DeviceId => ({ productKey, deviceKey })
