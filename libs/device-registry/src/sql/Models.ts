import { Profile, profileKey, type RegisteredModel } from "@roost/contracts"
import { ThingModel } from "@roost/enos"
import { Effect, Schema } from "effect"
import { isDeepStrictEqual } from "node:util"
import type { Row, SqlSession, SqlTransaction } from "./Sql.ts"

/** False: the id is taken. */
export const insertModel = Effect.fnUntraced(function* (sql: SqlTransaction, model: ThingModel, now: number) {
  const inserted = yield* sql.run(
    `INSERT INTO thing_models (model_id, model, version, created_at, updated_at) VALUES (?1, ?2, 1, ?3, ?3)
     ON CONFLICT (model_id) DO NOTHING`,
    model.modelId,
    JSON.stringify(model),
    now
  )
  if (inserted === 1) yield* tellProfile(sql, { modelId: model.modelId })
  return inserted === 1
})

export const findModel = (sql: SqlSession, modelId: string) =>
  Effect.map(sql.get(`SELECT ${columns} FROM thing_models WHERE model_id = ?1`, modelId), (row) =>
    row === undefined ? undefined : modelOf(row)
  )

export const listModels = (sql: SqlSession, after: string | undefined, limit: number) =>
  Effect.map(
    sql.all(`SELECT ${columns} FROM thing_models WHERE model_id > ?1 ORDER BY model_id LIMIT ?2`, after ?? "", limit),
    (rows) => rows.map(modelOf)
  )

/** One that says the same stays what it is: no version, no word to the actors. */
export const replaceModel = Effect.fnUntraced(function* (sql: SqlTransaction, model: ThingModel, now: number) {
  const known = yield* sql.get(`SELECT model FROM thing_models WHERE model_id = ?1${sql.forUpdate}`, model.modelId)
  if (known !== undefined && isDeepStrictEqual(JSON.parse(String(known["model"])), JSON.parse(JSON.stringify(model)))) {
    return yield* findModel(sql, model.modelId)
  }
  yield* sql.run(
    "UPDATE thing_models SET model = ?2, version = version + 1, updated_at = ?3 WHERE model_id = ?1",
    model.modelId,
    JSON.stringify(model),
    now
  )
  yield* tellProfile(sql, { modelId: model.modelId })
  return yield* findModel(sql, model.modelId)
})

export const deleteModel = Effect.fnUntraced(function* (sql: SqlTransaction, modelId: string) {
  const locked = yield* sql.get(`SELECT 1 AS found FROM thing_models WHERE model_id = ?1${sql.forUpdate}`, modelId)
  if (locked === undefined) return "Unknown" as const
  const product = yield* sql.get("SELECT product_key FROM products WHERE model_id = ?1 LIMIT 1", modelId)
  if (product !== undefined) return "InUse" as const
  yield* sql.run("DELETE FROM thing_models WHERE model_id = ?1", modelId)
  yield* tellProfile(sql, { modelId })
  return "Deleted" as const
})

/** Leaves word in the same transaction that the actors have to hear of a product or a model. */
export const tellProfile = (
  sql: SqlTransaction,
  { modelId, productKey }: { readonly productKey?: string; readonly modelId?: string }
) => sql.run("INSERT INTO profile_changes (product_key, model_id) VALUES (?1, ?2)", productKey ?? null, modelId ?? null)

/** As they are now, not as they were when they changed: told late, or twice, they are right. */
export const untoldProfiles = Effect.fnUntraced(function* (sql: SqlSession, limit: number) {
  const rows = yield* sql.all("SELECT id, product_key, model_id FROM profile_changes ORDER BY id LIMIT ?1", limit)
  return yield* Effect.forEach(rows, (row) =>
    Effect.map(row["product_key"] === null ? modelNow(sql, row) : productNow(sql, row), (now) => ({
      id: Number(row["id"]),
      ...now
    }))
  )
})

/** Of every model, and of every product that has a model or a script. */
export const allProfiles = Effect.fnUntraced(function* (sql: SqlSession) {
  const rows = yield* sql.all(
    `SELECT model_id, NULL AS product_key FROM thing_models UNION ALL
     SELECT NULL, product_key FROM products WHERE model_id IS NOT NULL OR script_version IS NOT NULL`
  )
  return yield* Effect.forEach(rows, (row) => (row["product_key"] === null ? modelNow(sql, row) : productNow(sql, row)))
})

interface Now {
  readonly key: string
  readonly profile: Profile | undefined
}

const productNow = (sql: SqlSession, row: Row): Effect.Effect<Now> => {
  const productKey = String(row["product_key"])
  const joined = sql.get(
    `SELECT products.model_id AS model_id, product_scripts.version AS version, product_scripts.source AS source
     FROM products LEFT JOIN product_scripts
       ON product_scripts.product_key = products.product_key AND product_scripts.version = products.script_version
     WHERE products.product_key = ?1`,
    productKey
  )
  return Effect.map(joined, (found) => ({
    key: profileKey.product(productKey),
    profile:
      found === undefined
        ? undefined
        : {
            _tag: "Product",
            productKey,
            modelId: found["model_id"] === null ? null : String(found["model_id"]),
            script:
              found["version"] === null ? null : { version: Number(found["version"]), source: String(found["source"]) }
          }
  }))
}

const modelNow = (sql: SqlSession, row: Row): Effect.Effect<Now> => {
  const modelId = String(row["model_id"])
  return Effect.map(findModel(sql, modelId), (found) => ({
    key: profileKey.model(modelId),
    profile: found === undefined ? undefined : { _tag: "Model", version: found.version, model: found.model }
  }))
}

const columns = "model, version, created_at, updated_at"

const modelOf = (row: Row): RegisteredModel => ({
  model: asModel(String(row["model"])),
  version: Number(row["version"]),
  createdAt: Number(row["created_at"]),
  updatedAt: Number(row["updated_at"])
})

const asModel = Schema.decodeUnknownSync(Schema.fromJsonString(ThingModel))
