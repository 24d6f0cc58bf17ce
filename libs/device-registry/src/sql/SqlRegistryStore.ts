import type { CredentialChange, ProductChange } from "@roost/contracts"
import { Effect, Layer } from "effect"
import { type NewStoredProduct, RegistryStore, type SealedSecret } from "../RegistryStore.ts"
import { issueSecret, replaceDevice } from "./Activation.ts"
import { addEvents, applyPresence, listEvents } from "./DeviceLog.ts"
import { changeProperties, readProperties } from "./DeviceProperties.ts"
import { deleteDevice, findAsset, findDevice, insertDevices, listDevices, updateCredential } from "./Devices.ts"
import { productColumns, productOf } from "./Rows.ts"
import { Sql, type SqlSession } from "./Sql.ts"

/** RegistryStore on whichever database `Sql` is. */
export const layerSqlRegistryStore: Layer.Layer<RegistryStore, never, Sql> = Layer.effect(
  RegistryStore,
  Effect.map(Sql, (sql) =>
    RegistryStore.of({
      createProduct: (product) => insertProduct(sql, product),
      product: (productKey) => findProduct(sql, productKey),
      updateProduct: (productKey, change) => updateProduct(sql, productKey, change),
      rotateProductSecret: (productKey, secret, until, now) => rotateProductSecret(sql, productKey, secret, until, now),
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
      deviceOfAsset: (assetId) => findAsset(sql, assetId),
      devices: (productKey, page) => listDevices(sql, productKey, page),
      updateCredential: (id, update, now) => sql.transaction((session) => updateCredential(session, id, update, now)),
      issueSecret: (id, secret, activationRequest, now) =>
        sql.transaction((session) => issueSecret(session, id, secret, activationRequest, now)),
      replaceDevice: (id, secret, now) => sql.transaction((session) => replaceDevice(session, id, secret, now)),
      deleteDevice: (id, now) => sql.transaction((session) => deleteDevice(session, id, now)),
      applyPresence: (presences) => sql.transaction((session) => applyPresence(session, presences)),
      addEvents: (events, now) => sql.transaction((session) => addEvents(session, events, now)),
      events: (id, before, limit) => listEvents(sql, id, before, limit),
      changeProperties: (id, kind, values, at) =>
        sql.transaction((session) => changeProperties(session, id, kind, values, at)),
      properties: (id, kind) => readProperties(sql, id, kind),
      untoldChanges: (limit) =>
        Effect.map(sql.all("SELECT id, change FROM credential_changes ORDER BY id LIMIT ?1", limit), (rows) =>
          rows.map((row) => ({ id: Number(row["id"]), change: JSON.parse(String(row["change"])) as CredentialChange }))
        ),
      forgetChange: (id) => sql.run("DELETE FROM credential_changes WHERE id = ?1", id),
      unlessToldElsewhere: (tell) => sql.unlessBusy("tell", tell)
    })
  )
)

const insertProduct = (sql: SqlSession, product: NewStoredProduct) =>
  Effect.map(
    sql.run(
      `INSERT INTO products (product_key, product_name, secret, secret_key_id, data_format, dynamic_activate_enabled, downlink,
         created_at, secret_version)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)
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

const rotateProductSecret = (
  sql: SqlSession,
  productKey: string,
  secret: SealedSecret,
  previousUntil: number | undefined,
  now: number
) =>
  Effect.andThen(
    previousUntil === undefined
      ? sql.run(
          `UPDATE products SET previous_secret = NULL, previous_secret_key_id = NULL, previous_secret_version = NULL,
             previous_secret_until = NULL, secret = ?2, secret_key_id = ?3, secret_version = ${nextSecretVersion}
           WHERE product_key = ?1`,
          productKey,
          secret.bytes,
          secret.keyId,
          now
        )
      : sql.run(
          `UPDATE products SET previous_secret = secret, previous_secret_key_id = secret_key_id,
             previous_secret_version = secret_version, previous_secret_until = ?5,
             secret = ?2, secret_key_id = ?3, secret_version = ${nextSecretVersion}
           WHERE product_key = ?1`,
          productKey,
          secret.bytes,
          secret.keyId,
          now,
          previousUntil
        ),
    findProduct(sql, productKey)
  )

const nextSecretVersion = "CASE WHEN secret_version >= ?4 THEN secret_version + 1 ELSE ?4 END"
