import { Effect } from "effect"
import type { KeptSecret, SealedSecret } from "../RegistryStore.ts"
import type { Row, SqlSession, SqlTransaction } from "./Sql.ts"

export const listKeyIds = (sql: SqlSession) =>
  Effect.map(
    sql.all(
      `SELECT secret_key_id AS id FROM products UNION SELECT previous_secret_key_id FROM products
         WHERE previous_secret IS NOT NULL UNION SELECT secret_key_id FROM devices`
    ),
    (rows) => rows.map((row) => String(row["id"]))
  )

const kinds = [
  { of: "device", table: "devices", column: "secret", keys: "product_key, device_key" },
  { of: "product", table: "products", column: "secret", keys: "product_key, NULL AS device_key" },
  { of: "previous product", table: "products", column: "previous_secret", keys: "product_key, NULL AS device_key" }
] as const

export const secretsNotUnder = Effect.fnUntraced(function* (sql: SqlSession, keyId: string, limit: number) {
  const found: Array<KeptSecret> = []
  for (const { column, keys, of, table } of kinds) {
    if (found.length >= limit) break
    const select = `SELECT ${keys}, ${column} AS secret, ${column}_key_id AS key_id FROM ${table}`
    const rows = yield* sql.all(`${select} WHERE ${column}_key_id <> ?1 LIMIT ?2`, keyId, limit - found.length)
    for (const row of rows) found.push(keptOf(of, row))
  }
  return found
})

export const countNotUnder = Effect.fnUntraced(function* (sql: SqlSession, keyId: string) {
  let count = 0
  for (const { column, table } of kinds) {
    const row = yield* sql.get(`SELECT COUNT(*) AS n FROM ${table} WHERE ${column}_key_id <> ?1`, keyId)
    count += Number(row!["n"])
  }
  return count
})

export const resealSecrets = Effect.fnUntraced(function* (
  sql: SqlTransaction,
  secrets: ReadonlyArray<{ readonly kept: KeptSecret; readonly sealed: SealedSecret }>
) {
  for (const { kept, sealed } of secrets) {
    const { column, table } = kinds.find(({ of }) => of === kept.of)!
    const set = `UPDATE ${table} SET ${column} = ?1, ${column}_key_id = ?2 WHERE ${column} = ?3 AND product_key = ?4`
    const values = [sealed.bytes, sealed.keyId, kept.secret.bytes, kept.productKey]
    if (kept.of === "device") yield* sql.run(`${set} AND device_key = ?5`, ...values, kept.deviceKey)
    else yield* sql.run(set, ...values)
  }
})

const keptOf = (of: KeptSecret["of"], row: Row): KeptSecret => {
  const productKey = String(row["product_key"])
  const secret = { keyId: String(row["key_id"]), bytes: row["secret"] as Uint8Array }
  return of === "device" ? { of, productKey, deviceKey: String(row["device_key"]), secret } : { of, productKey, secret }
}
