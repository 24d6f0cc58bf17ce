import { piggybackMillisDefault, type ProductChange } from "@roost/contracts"
import { Effect } from "effect"
import type { NewStoredProduct, SealedSecret } from "../RegistryStore.ts"
import { tellProfile } from "./Models.ts"
import { productColumns, productOf } from "./Rows.ts"
import type { SqlSession, SqlTransaction } from "./Sql.ts"

/** False: the key is taken. */
export const insertProduct = Effect.fnUntraced(function* (sql: SqlTransaction, product: NewStoredProduct) {
  const inserted = yield* sql.run(
    `INSERT INTO products (product_key, product_name, secret, secret_key_id, data_format, dynamic_activate_enabled, downlink,
       created_at, secret_version, model_id, piggyback_millis, close_notify)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9, ?10, ?11)
     ON CONFLICT (product_key) DO NOTHING`,
    product.productKey,
    product.productName,
    product.secret.bytes,
    product.secret.keyId,
    product.dataFormat,
    product.dynamicActivateEnabled ? 1 : 0,
    product.downlink,
    product.createdAt,
    product.modelId ?? null,
    product.piggybackMillis ?? piggybackMillisDefault,
    product.closeNotify ?? "lifetime"
  )
  if (inserted === 1 && product.modelId !== undefined) yield* tellProfile(sql, { productKey: product.productKey })
  return inserted === 1
})

export const findProduct = (sql: SqlSession, productKey: string) =>
  Effect.map(sql.get(`SELECT ${productColumns} FROM products WHERE product_key = ?1`, productKey), (row) =>
    row === undefined ? undefined : productOf(row)
  )

/** By key, ascending. */
export const listProducts = (sql: SqlSession, after: string | undefined, limit: number) =>
  Effect.map(
    sql.all(
      `SELECT ${productColumns} FROM products WHERE product_key > ?1 ORDER BY product_key LIMIT ?2`,
      after ?? "",
      limit
    ),
    (rows) => rows.map(productOf)
  )

export const updateProduct = Effect.fnUntraced(function* (
  sql: SqlTransaction,
  productKey: string,
  { closeNotify, dynamicActivateEnabled, modelId, piggybackMillis, productName }: ProductChange
) {
  yield* sql.run(
    `UPDATE products SET product_name = COALESCE(?2, product_name),
       dynamic_activate_enabled = COALESCE(?3, dynamic_activate_enabled),
       piggyback_millis = COALESCE(?4, piggyback_millis), close_notify = COALESCE(?5, close_notify) WHERE product_key = ?1`,
    productKey,
    productName ?? null,
    dynamicActivateEnabled === undefined ? null : dynamicActivateEnabled ? 1 : 0,
    piggybackMillis ?? null,
    closeNotify ?? null
  )
  if (modelId !== undefined) {
    yield* sql.run("UPDATE products SET model_id = ?2 WHERE product_key = ?1", productKey, modelId)
  }
  // The latter two are not in the profile. They come with a device's key, which the actors ask for anew once they hear of a change.
  if (modelId !== undefined || piggybackMillis !== undefined || closeNotify !== undefined) {
    yield* tellProfile(sql, { productKey })
  }
  return yield* findProduct(sql, productKey)
})

export const rotateProductSecret = (
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
