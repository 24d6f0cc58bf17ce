import type { CredentialChange, DeviceEvent, Presence, ProductChange } from "@roost/contracts"
import { Effect, Layer } from "effect"
import { eventMillisMax, eventsPerDeviceMax, strangerEventsMax } from "../Limits.ts"
import {
  type CredentialUpdate,
  type DeviceId,
  type DevicePage,
  type NewStoredDevice,
  RegistryStore,
  type StoredProduct
} from "../RegistryStore.ts"
import { Database } from "./Database.ts"
import { deviceColumns, deviceOf, eventOf, productColumns, productOf } from "./Rows.ts"

/**
 * RegistryStore in one SQLite file of this process. Calls are synchronous: a look-up takes some ten microseconds, so
 * a thread of its own would cost more than it frees.
 */
export const layerSqliteRegistryStore = (file: string): Layer.Layer<RegistryStore> =>
  Layer.effect(
    RegistryStore,
    Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => new Database(file)),
        (db) => Effect.sync(() => db.close())
      ),
      make
    )
  )

const make = (db: Database) =>
  RegistryStore.of({
    createProduct: (product) => Effect.sync(() => insertProduct(db, product)),
    product: (productKey) => Effect.sync(() => findProduct(db, productKey)),
    updateProduct: (productKey, change) =>
      Effect.sync(() => db.transaction(() => updateProduct(db, productKey, change))),
    products: (after, limit) =>
      Effect.sync(() =>
        db
          .all(
            `SELECT ${productColumns} FROM products WHERE product_key > ? ORDER BY product_key LIMIT ?`,
            after ?? "",
            limit
          )
          .map(productOf)
      ),
    createDevices: (devices) =>
      Effect.sync(() => db.transaction(() => devices.map((device) => insertDevice(db, device)))),
    device: (id) => Effect.sync(() => findDevice(db, id)),
    devices: (productKey, page) => Effect.sync(() => listDevices(db, productKey, page)),
    updateCredential: (id, update, now) =>
      Effect.sync(() => db.transaction(() => updateCredential(db, id, update, now))),
    deleteDevice: (id, now) => Effect.sync(() => db.transaction(() => deleteDevice(db, id, now))),
    applyPresence: (presences) =>
      Effect.sync(() =>
        db.transaction(() => {
          for (const presence of presences) applyPresence(db, presence)
        })
      ),
    addEvents: (events, now) =>
      Effect.sync(() =>
        db.transaction(() => {
          for (const event of events) addEvent(db, event)
          dropOldEvents(db, events, now)
        })
      ),
    events: ({ productKey, deviceKey }, before, limit) =>
      Effect.sync(() =>
        db
          .all(
            `SELECT id, product_key, device_key, kind, at, address, reason, detail FROM device_events
             WHERE product_key = ? AND device_key = ? AND id < ? ORDER BY id DESC LIMIT ?`,
            productKey,
            deviceKey,
            before ?? Number.MAX_SAFE_INTEGER,
            limit
          )
          .map(eventOf)
      ),
    untoldChanges: (limit) =>
      Effect.sync(() =>
        db.all("SELECT id, change FROM credential_changes ORDER BY id LIMIT ?", limit).map((row) => ({
          id: Number(row.id),
          change: JSON.parse(String(row.change)) as CredentialChange
        }))
      ),
    forgetChange: (id) => Effect.sync(() => db.run("DELETE FROM credential_changes WHERE id = ?", id))
  })

const insertProduct = (db: Database, product: StoredProduct): boolean =>
  db.run(
    `INSERT INTO products (${productColumns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (product_key) DO NOTHING`,
    product.productKey,
    product.productName,
    product.secret.bytes,
    product.secret.keyId,
    product.dataFormat,
    product.dynamicActivateEnabled ? 1 : 0,
    product.downlink,
    product.createdAt
  ) === 1

const findProduct = (db: Database, productKey: string): StoredProduct | undefined => {
  const row = db.get(`SELECT ${productColumns} FROM products WHERE product_key = ?`, productKey)
  return row === undefined ? undefined : productOf(row)
}

const updateProduct = (db: Database, productKey: string, change: ProductChange): StoredProduct | undefined => {
  const { dynamicActivateEnabled, productName } = change
  db.run(
    `UPDATE products SET product_name = COALESCE(?, product_name),
       dynamic_activate_enabled = COALESCE(?, dynamic_activate_enabled) WHERE product_key = ?`,
    productName ?? null,
    dynamicActivateEnabled === undefined ? null : dynamicActivateEnabled ? 1 : 0,
    productKey
  )
  return findProduct(db, productKey)
}

const insertDevice = (db: Database, device: NewStoredDevice): boolean =>
  db.run(
    `INSERT INTO devices (product_key, device_key, asset_id, device_name, secret, secret_key_id, credential_version,
       created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (product_key, device_key) DO NOTHING`,
    device.productKey,
    device.deviceKey,
    device.assetId,
    device.deviceName,
    device.secret.bytes,
    device.secret.keyId,
    // From the clock, so that it grows over a deletion and a new device of the same key, too.
    device.createdAt,
    device.createdAt
  ) === 1

const findDevice = (db: Database, { productKey, deviceKey }: DeviceId) => {
  const row = db.get(
    `SELECT ${deviceColumns} FROM devices WHERE product_key = ? AND device_key = ?`,
    productKey,
    deviceKey
  )
  return row === undefined ? undefined : deviceOf(row)
}

const listDevices = (db: Database, productKey: string, { after, limit, status }: DevicePage) => {
  const page = "device_key > ? ORDER BY device_key LIMIT ?"
  const select = `SELECT ${deviceColumns} FROM devices WHERE product_key = ?`
  const rows =
    status === undefined
      ? db.all(`${select} AND ${page}`, productKey, after ?? "", limit)
      : db.all(`${select} AND status = ? AND ${page}`, productKey, status, after ?? "", limit)
  return rows.map(deviceOf)
}

const updateCredential = (db: Database, id: DeviceId, update: CredentialUpdate, now: number) => {
  const device = findDevice(db, id)
  if (device === undefined) return undefined
  if (update._tag === "Enabled" && (device.status !== "disabled") === update.enabled) return device
  if (update._tag === "Issue" && device.activatedAt !== null) return undefined
  const version = Math.max(device.credentialVersion + 1, now)
  if (update._tag !== "Enabled") {
    db.run(
      `UPDATE devices SET secret = ?, secret_key_id = ?, activation_request = ?, credential_version = ?
       WHERE product_key = ? AND device_key = ?`,
      update.secret.bytes,
      update.secret.keyId,
      update._tag === "Issue" ? update.activationRequest : null,
      version,
      id.productKey,
      id.deviceKey
    )
  } else {
    db.run(
      "UPDATE devices SET enabled = ?, credential_version = ? WHERE product_key = ? AND device_key = ?",
      update.enabled ? 1 : 0,
      version,
      id.productKey,
      id.deviceKey
    )
  }
  const change = update._tag !== "Enabled" ? "secret" : update.enabled ? "enabled" : "disabled"
  tell(db, { ...keysOf(id), change, credentialVersion: version }, now)
  return findDevice(db, id)
}

const deleteDevice = (db: Database, id: DeviceId, now: number): boolean => {
  const device = findDevice(db, id)
  if (device === undefined) return false
  db.run("DELETE FROM devices WHERE product_key = ? AND device_key = ?", id.productKey, id.deviceKey)
  const credentialVersion = Math.max(device.credentialVersion + 1, now)
  tell(db, { ...keysOf(id), change: "deleted", credentialVersion }, now)
  db.run("UPDATE device_events SET stranger = 1 WHERE product_key = ? AND device_key = ?", id.productKey, id.deviceKey)
  return true
}

/** Leaves the message for the actors in the same transaction, and a line for the operator. */
const tell = (db: Database, change: CredentialChange, now: number): void => {
  db.run("INSERT INTO credential_changes (change) VALUES (?)", JSON.stringify(change))
  const { productKey, deviceKey } = change
  addEvent(db, {
    productKey,
    deviceKey,
    kind: `credential-${change.change}`,
    at: now,
    address: "",
    reason: told[change.change]
  })
}

const told: Readonly<Record<CredentialChange["change"], string>> = {
  secret: "the device has a new secret; a session under the old one ended",
  disabled: "an operator disabled the device; its session ended",
  enabled: "an operator enabled the device",
  deleted: "an operator deleted the device; its session ended"
}

const applyPresence = (db: Database, presence: Presence): void => {
  const { at, lastSeenAt, lifetimeSeconds, address, suite, productKey, deviceKey } = presence
  const online = presence.state === "online"
  db.run(
    `UPDATE devices SET online = ?, presence_at = ?, last_seen_at = ?, lifetime_seconds = ?, address = ?, suite = ?,
       last_online_at = COALESCE(?, last_online_at), last_offline_at = COALESCE(?, last_offline_at),
       activated_at = COALESCE(activated_at, ?)
     WHERE product_key = ? AND device_key = ? AND (presence_at IS NULL OR presence_at <= ?)`,
    online ? 1 : 0,
    at,
    lastSeenAt,
    lifetimeSeconds,
    address,
    suite,
    online ? at : null,
    online ? null : at,
    // Only the device's own secret activates it; the product's is for fetching that (design §3, 16).
    online && presence.secureMode === 2 ? at : null,
    productKey,
    deviceKey,
    at
  )
}

const addEvent = (db: Database, event: DeviceEvent): void => {
  const { productKey, deviceKey, kind, at, address, reason, detail } = event
  db.run(
    `INSERT INTO device_events (product_key, device_key, stranger, kind, at, address, reason, detail)
     SELECT ?1, ?2, NOT EXISTS (SELECT 1 FROM devices WHERE product_key = ?1 AND device_key = ?2), ?3, ?4, ?5, ?6, ?7
     WHERE NOT EXISTS (SELECT 1 FROM device_events
       WHERE product_key = ?1 AND device_key = ?2 AND at = ?4 AND kind = ?3 AND reason = ?6)`,
    productKey,
    deviceKey,
    kind,
    at,
    address,
    reason,
    detail === undefined ? null : JSON.stringify(detail)
  )
}

/** Each batch drops more than it adds, as long as there is something over a bound. */
const dropOldEvents = (db: Database, added: ReadonlyArray<DeviceEvent>, now: number): void => {
  const devices = new Map(added.map((event) => [`${event.productKey},${event.deviceKey}`, event]))
  for (const { productKey, deviceKey } of devices.values()) {
    db.run(
      `DELETE FROM device_events WHERE product_key = ?1 AND device_key = ?2 AND id <= (
         SELECT id FROM device_events WHERE product_key = ?1 AND device_key = ?2 ORDER BY id DESC LIMIT 1 OFFSET ?3)`,
      productKey,
      deviceKey,
      eventsPerDeviceMax
    )
  }
  db.run(
    `DELETE FROM device_events WHERE stranger = 1 AND id <= (
       SELECT id FROM device_events WHERE stranger = 1 ORDER BY id DESC LIMIT 1 OFFSET ?)`,
    strangerEventsMax
  )
  db.run(
    "DELETE FROM device_events WHERE at < ? AND id IN (SELECT id FROM device_events ORDER BY id LIMIT ?)",
    now - eventMillisMax,
    2 * added.length + 100
  )
}

const keysOf = ({ productKey, deviceKey }: DeviceId): DeviceId => ({ productKey, deviceKey })
