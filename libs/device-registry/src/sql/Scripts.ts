import type { ProductScript } from "@roost/contracts"
import { Effect } from "effect"
import { tellProfile } from "./Models.ts"
import type { SqlSession, SqlTransaction } from "./Sql.ts"

/** Undefined if there is no such product. */
export const readScript = Effect.fnUntraced(function* (sql: SqlSession, productKey: string) {
  const product = yield* sql.get(
    "SELECT script_draft, script_draft_tested, script_version FROM products WHERE product_key = ?1",
    productKey
  )
  if (product === undefined) return undefined
  const rows = yield* sql.all(
    "SELECT version, source, published_at FROM product_scripts WHERE product_key = ?1 ORDER BY version DESC",
    productKey
  )
  const draft = product["script_draft"]
  const current = rows.find((row) => row["version"] === product["script_version"])
  const script: ProductScript = {
    ...(draft === null ? {} : { draft: { source: String(draft), tested: product["script_draft_tested"] === 1 } }),
    ...(current === undefined
      ? {}
      : { published: { version: Number(current["version"]), source: String(current["source"]) } }),
    versions: rows.map((row) => ({
      version: Number(row["version"]),
      publishedAt: Number(row["published_at"]),
      current: row === current
    }))
  }
  return script
})

/** False if there is no such product. The text that was tested stays so. */
export const saveScriptDraft = (sql: SqlSession, productKey: string, source: string) =>
  Effect.map(
    sql.run(
      `UPDATE products SET script_draft = ?2,
         script_draft_tested = CASE WHEN script_draft = ?2 THEN script_draft_tested ELSE 0 END WHERE product_key = ?1`,
      productKey,
      source
    ),
    (changed) => changed === 1
  )

/** The draft is what was tested, unless it was replaced meanwhile. */
export const noteScriptTested = (sql: SqlSession, productKey: string, source: string) =>
  sql.run(
    "UPDATE products SET script_draft_tested = 1 WHERE product_key = ?1 AND script_draft = ?2",
    productKey,
    source
  )

/** The draft becomes the next version, or an earlier version does once more; undefined if there is none to publish. */
export const publishScript = Effect.fnUntraced(function* (
  sql: SqlTransaction,
  productKey: string,
  earlier: number | undefined,
  now: number
) {
  const product = yield* sql.get(
    `SELECT script_draft, script_draft_tested FROM products WHERE product_key = ?1${sql.forUpdate}`,
    productKey
  )
  const source =
    earlier === undefined
      ? product?.["script_draft_tested"] === 1
        ? product["script_draft"]
        : undefined
      : (yield* sql.get(
          "SELECT source FROM product_scripts WHERE product_key = ?1 AND version = ?2",
          productKey,
          earlier
        ))?.["source"]
  if (source === undefined || source === null) return undefined
  const last = yield* sql.get(
    "SELECT COALESCE(MAX(version), 0) AS version FROM product_scripts WHERE product_key = ?1",
    productKey
  )
  const version = Number(last!["version"]) + 1
  yield* sql.run(
    "INSERT INTO product_scripts (product_key, version, source, published_at) VALUES (?1, ?2, ?3, ?4)",
    productKey,
    version,
    String(source),
    now
  )
  yield* sql.run("UPDATE products SET script_version = ?2 WHERE product_key = ?1", productKey, version)
  yield* tellProfile(sql, { productKey })
  return version
})

/** Bytes pass as they are again; the versions stay. */
export const unpublishScript = Effect.fnUntraced(function* (sql: SqlTransaction, productKey: string) {
  yield* sql.run("UPDATE products SET script_version = NULL WHERE product_key = ?1", productKey)
  yield* tellProfile(sql, { productKey })
})

/** The draft and all versions. */
export const deleteScripts = Effect.fnUntraced(function* (sql: SqlTransaction, productKey: string) {
  yield* sql.run(
    "UPDATE products SET script_version = NULL, script_draft = NULL, script_draft_tested = 0 WHERE product_key = ?1",
    productKey
  )
  yield* sql.run("DELETE FROM product_scripts WHERE product_key = ?1", productKey)
  yield* tellProfile(sql, { productKey })
})
