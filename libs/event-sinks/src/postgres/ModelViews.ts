import type { Definition, ThingModel } from "@roost/enos"
import { hash } from "node:crypto"
import { literal, quoted, quotedTable } from "./PointTable.ts"

/** A thing model and the products that have it. */
export interface ModelOfProducts {
  readonly model: ThingModel
  readonly products: ReadonlyArray<string>
}

export interface ModelView {
  /** Quoted, with its schema. */
  readonly name: string
  readonly definition: string
  /** Told in the view's comment, so that an unchanged one is left alone. */
  readonly digest: string
}

/** Columns of a view: PostgreSQL has room for 1600, of which a model's points may not take all. */
const columnsMax = 1_500
/** Bytes of a name of PostgreSQL's. */
const nameBytesMax = 63

/**
 * A view of a thing model: a row per post and time, a column per measurepoint. A product's name and key can't break out of it: names are
 * quoted, and texts literals.
 */
export const viewOf = (table: string, { model, products }: ModelOfProducts): ModelView => {
  const [name = "", ...schema] = table.split(".").toReversed()
  const taken = new Set(fixed)
  const points = Object.entries(model.measurepoints ?? {}).slice(0, columnsMax)
  const columns = points.map(([id, { data }]) => `${aggregateOf(id, data)} AS ${quoted(freeName(id, taken))}`)
  const ofProducts = products.length === 0 ? "false" : `product IN (${products.toSorted().map(literal).join(", ")})`
  const definition =
    `SELECT ${[`"time"`, "product", "device", "id", ...columns].join(", ")} FROM ${quotedTable(table)} ` +
    `WHERE kind = 'measurepoint' AND ${ofProducts} GROUP BY "time", product, device, id`
  return {
    name: [...schema, viewName(name, model.modelId)].map(quoted).join("."),
    definition,
    digest: hash("sha256", definition).slice(0, 16)
  }
}

/** Two models whose names are the same here are told apart by a digest. */
const viewName = (table: string, modelId: string): string => {
  const plain = `${table}_${modelId.toLowerCase().replaceAll(/[^a-z0-9_]/g, "_")}`
  if (/^[a-z0-9_]+$/.test(modelId) && plain.length <= nameBytesMax) return plain
  return `${plain.slice(0, nameBytesMax - 7)}_${hash("sha256", modelId).slice(0, 6)}`
}

const freeName = (id: string, taken: Set<string>): string => {
  let name = id.slice(0, nameBytesMax)
  for (let i = 2; taken.has(name); i++) name = `${id.slice(0, nameBytesMax - 5)}_${i}`
  taken.add(name)
  return name
}

const fixed = ["time", "product", "device", "id"]

const aggregateOf = (id: string, data: Definition): string => {
  const of = (expression: string) => `${expression} FILTER (WHERE point = ${literal(id)})`
  switch (data.dataType) {
    case "INT":
    case "FLOAT":
    case "DOUBLE":
      return of("max(number)")
    case "ENUM":
      return of(data.enumType === "INT" ? "max(number)" : "max(text)")
    case "BOOL":
      // Devices send 0 and 1 for it, too.
      return of("bool_or(coalesce(boolean, number <> 0))")
    case "STRUCT":
    case "ARRAY":
      return `(${of("array_agg(json)")})[1]`
    default:
      return of("max(coalesce(text, number::text))")
  }
}
