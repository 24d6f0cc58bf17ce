import type { CredentialChange, ProductChange } from "@roost/contracts"
import { Effect, Layer } from "effect"
import {
  type CredentialUpdate,
  type DeviceId,
  type DevicePage,
  type NewStoredDevice,
  RegistryStore,
  type StoredDevice,
  type StoredProduct
} from "../RegistryStore.ts"
import { addEvent, addEvents, applyPresence, listEvents } from "./DeviceLog.ts"
import { deviceColumns, deviceOf, productColumns, productOf } from "./Rows.ts"
import { Sql, type SqlSession, type SqlTransaction } from "./Sql.ts"

/** RegistryStore on whichever database `Sql` is. */
export const layerSqlRegistryStore: Layer.Layer<RegistryStore, never, Sql> = Layer.effect(
  RegistryStore,
  Effect.map(Sql, (sql) =>
    RegistryStore.of({
      createProduct: (product) => insertProduct(sql, product),
      product: (productKey) => findProduct(sql, productKey),
      updateProduct: (productKey, change) => updateProduct(sql, productKey, change),
      products: (after, limit) =>
        Effect.map(
          sql.all(
            `SELECT ${productColumns} FROM products WHERE product_key > ?1 ORDER BY product_key LIMIT ?2`,
            after ?? "",
            limit
          ),
          (rows) => rows.map(productOf)
        ),
      createDevices: (devices) => sql.transaction((session) => insertDevices(session, devices)),
      device: (id) => findDevice(sql, id),
      devices: (productKey, page) => listDevices(sql, productKey, page),
      updateCredential: (id, update, now) => sql.transaction((session) => updateCredential(session, id, update, now)),
      deleteDevice: (id, now) => sql.transaction((session) => deleteDevice(session, id, now)),
      applyPresence: (presences) => sql.transaction((session) => applyPresence(session, presences)),
      addEvents: (events, now) => sql.transaction((session) => addEvents(session, events, now)),
      events: (id, before, limit) => listEvents(sql, id, before, limit),
      untoldChanges: (limit) =>
        Effect.map(sql.all("SELECT id, change FROM credential_changes ORDER BY id LIMIT ?1", limit), (rows) =>
          rows.map((row) => ({ id: Number(row["id"]), change: JSON.parse(String(row["change"])) as CredentialChange }))
        ),
      forgetChange: (id) => sql.run("DELETE FROM credential_changes WHERE id = ?1", id),
      unlessToldElsewhere: (tell) => sql.unlessBusy("tell", tell)
    })
  )
)

const insertProduct = (sql: SqlSession, product: StoredProduct) =>
  Effect.map(
    sql.run(
      `INSERT INTO products (${productColumns}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
       ON CONFLICT (product_key) DO NOTHING`,
      product.productKey,
      product.productName,
      product.secret.bytes,
      product.secret.keyId,
      product.dataFormat,
      product.dynamicActivateEnabled ? 1 : 0,
      product.downlink,
      product.createdAt
    ),
    (inserted) => inserted === 1
  )

const findProduct = (sql: SqlSession, productKey: string) =>
  Effect.map(sql.get(`SELECT ${productColumns} FROM products WHERE product_key = ?1`, productKey), (row) =>
    row === undefined ? undefined : productOf(row)
  )

const updateProduct = (sql: SqlSession, productKey: string, { dynamicActivateEnabled, productName }: ProductChange) =>
  Effect.andThen(
    sql.run(
      `UPDATE products SET product_name = COALESCE(?2, product_name),
         dynamic_activate_enabled = COALESCE(?3, dynamic_activate_enabled) WHERE product_key = ?1`,
      productKey,
      productName ?? null,
      dynamicActivateEnabled === undefined ? null : dynamicActivateEnabled ? 1 : 0
    ),
    findProduct(sql, productKey)
  )

const insertDevices = Effect.fnUntraced(function* (sql: SqlTransaction, devices: ReadonlyArray<NewStoredDevice>) {
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
  return results
})

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const findDevice = (sql: SqlSession, { productKey, deviceKey }: DeviceId, lock = "") =>
  Effect.map(
    sql.get(
      `SELECT ${deviceColumns} FROM devices WHERE product_key = ?1 AND device_key = ?2${lock}`,
      productKey,
      deviceKey
    ),
    (row) => (row === undefined ? undefined : deviceOf(row))
  )

const listDevices = (sql: SqlSession, productKey: string, { after, limit, status }: DevicePage) => {
  const page = "device_key > ?2 ORDER BY device_key LIMIT ?3"
  const select = `SELECT ${deviceColumns} FROM devices WHERE product_key = ?1`
  const rows =
    status === undefined
      ? sql.all(`${select} AND ${page}`, productKey, after ?? "", limit)
      : sql.all(`${select} AND status = ?4 AND ${page}`, productKey, after ?? "", limit, status)
  return Effect.map(rows, (found) => found.map(deviceOf))
}

const updateCredential = Effect.fnUntraced(function* (
  sql: SqlTransaction,
  id: DeviceId,
  update: CredentialUpdate,
  now: number
) {
  const device = yield* findDevice(sql, id, sql.forUpdate)
  if (device === undefined) return undefined
  if (update._tag === "Enabled" && (device.status !== "disabled") === update.enabled) return device
  if (update._tag === "Issue") {
    if (device.activatedAt !== null) return undefined
    if (device.activationRequest === update.activationRequest) return device
  }
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
      `UPDATE devices SET secret = ?3, secret_key_id = ?4, activation_request = ?5, credential_version = ?6
       WHERE product_key = ?1 AND device_key = ?2`,
      id.productKey,
      id.deviceKey,
      update.secret.bytes,
      update.secret.keyId,
      update._tag === "Issue" ? update.activationRequest : null,
      version
    )
  }
  const change = update._tag !== "Enabled" ? "secret" : update.enabled ? "enabled" : "disabled"
  yield* tell(sql, { ...keysOf(id), change, credentialVersion: version }, now)
  return yield* findDevice(sql, id)
})

const deleteDevice = Effect.fnUntraced(function* (sql: SqlTransaction, id: DeviceId, now: number) {
  // Before the device is locked: whoever files events asks whether there is such a device.
  yield* sql.enter("events")
  const device = yield* findDevice(sql, id, sql.forUpdate)
  if (device === undefined) return false
  const { productKey, deviceKey } = id
  yield* sql.run("DELETE FROM devices WHERE product_key = ?1 AND device_key = ?2", productKey, deviceKey)
  yield* tell(sql, { ...keysOf(id), change: "deleted", credentialVersion: nextVersion(device, now) }, now)
  yield* sql.run(
    "UPDATE device_events SET stranger = 1 WHERE product_key = ?1 AND device_key = ?2",
    productKey,
    deviceKey
  )
  return true
})

/** Leaves the message for the actors in the same transaction, and a line for the operator. */
const tell = Effect.fnUntraced(function* (sql: SqlTransaction, change: CredentialChange, now: number) {
  yield* sql.run("INSERT INTO credential_changes (change) VALUES (?1)", JSON.stringify(change))
  yield* addEvent(sql, {
    ...keysOf(change),
    kind: `credential-${change.change}`,
    at: now,
    address: "",
    reason: told[change.change]
  })
})

const told: Readonly<Record<CredentialChange["change"], string>> = {
  secret: "the device has a new secret; a session under the old one ended",
  disabled: "an operator disabled the device; its session ended",
  enabled: "an operator enabled the device",
  deleted: "an operator deleted the device; its session ended"
}

const nextVersion = ({ credentialVersion }: StoredDevice, now: number): number => Math.max(credentialVersion + 1, now)

const keysOf = ({ productKey, deviceKey }: DeviceId): DeviceId => ({ productKey, deviceKey })
