import { countedFoundMax } from "@roost/contracts"
import { parseJson } from "@roost/enos"
import { Effect } from "effect"
import type { DeviceQuery, FoundDevice, FoundDevices, ProductCounts } from "../RegistryStore.ts"
import { deviceColumns, deviceOf } from "./Rows.ts"
import type { Row, SqlSession, Value } from "./Sql.ts"

export const searchDevices = Effect.fnUntraced(function* (sql: SqlSession, query: DeviceQuery) {
  const { conditions, values } = conditionsOf(query)
  const from = `FROM devices WHERE ${conditions.join(" AND ")}`
  const found =
    query.after?.found ??
    Number(
      (yield* sql.get(
        `SELECT COUNT(*) AS n FROM (SELECT 1 AS one ${from} LIMIT ${countedFoundMax + 1}) AS found`,
        ...values
      ))!["n"]
    )
  const { order, position, positionValues } = orderOf(query, values.length)
  const rows = yield* sql.all(
    `SELECT ${deviceColumns}, ${tagsColumn} AS tags ${from}${position} ORDER BY ${order} LIMIT ${query.limit}`,
    ...values,
    ...positionValues
  )
  return { devices: rows.map(foundOf), found } satisfies FoundDevices
})

const conditionsOf = ({ part, productKey, seenBefore, status, tag }: DeviceQuery) => {
  const conditions: Array<string> = ["1 = 1"]
  const values: Array<Value> = []
  const add = (condition: string, ...added: ReadonlyArray<Value>) => {
    conditions.push(condition.replaceAll(/\?(\d)/g, (_, index) => `?${values.length + Number(index)}`))
    values.push(...added)
  }
  if (productKey !== undefined) add("product_key = ?1", productKey)
  if (status !== undefined) add("status = ?1", status)
  if (seenBefore !== undefined) add("last_seen_at < ?1", seenBefore)
  if (tag !== undefined) {
    const { name, value } = tag
    add(
      `EXISTS (SELECT 1 ${tagsOf} AND name = ?1${value === undefined ? "" : " AND value = ?2"})`,
      name,
      ...(value === undefined ? [] : [JSON.stringify(value)])
    )
  }
  if (part !== undefined) {
    const lower = part.toLowerCase().replaceAll(/[\\%_]/g, String.raw`\$&`)
    const like = [...part].length < 3 ? `${lower}%` : `%${lower}%`
    const matches = (column: string) => `LOWER(${column}) LIKE ?1 ESCAPE '\\'`
    add(
      `(${matches("devices.device_key")} OR ${matches("device_name")} OR EXISTS (SELECT 1 ${tagsOf} AND ${matches("name || '=' || value")}))`,
      like
    )
  }
  return { conditions, values }
}

const tagsOf = `FROM device_properties AS tag WHERE tag.product_key = devices.product_key
  AND tag.device_key = devices.device_key AND kind = 'tag' AND value IS NOT NULL`

/** One per line, each as `name=` and its value in JSON, which has no line break. */
const tagsColumn = `(SELECT STRING_AGG(name || '=' || value, '
') ${tagsOf})`

const orderOf = ({ after, sort }: DeviceQuery, values: number) => {
  const p = (index: number) => `?${values + index}`
  const descending = sort.startsWith("-")
  const [direction, beyond] = descending ? ["DESC", "<"] : ["ASC", ">"]
  if (sort.endsWith("deviceKey")) {
    return {
      order: `device_key ${direction}, product_key ${direction}`,
      position: after === undefined ? "" : ` AND (device_key, product_key) ${beyond} (${p(1)}, ${p(2)})`,
      positionValues: after === undefined ? [] : [after.deviceKey, after.productKey]
    }
  }
  // Never comes last, in both directions.
  const never = descending ? -1 : Number.MAX_SAFE_INTEGER
  const seen = `COALESCE(last_seen_at, ${never})`
  return {
    order: `${seen} ${direction}, device_key ${direction}, product_key ${direction}`,
    position:
      after === undefined ? "" : ` AND (${seen}, device_key, product_key) ${beyond} (${p(1)}, ${p(2)}, ${p(3)})`,
    positionValues: after === undefined ? [] : [after.lastSeenAt ?? never, after.deviceKey, after.productKey]
  }
}

const foundOf = (row: Row): FoundDevice => ({ ...deviceOf(row), tags: tagsIn(row["tags"]) })

const tagsIn = (text: Row[string] | undefined): Readonly<Record<string, string>> => {
  if (text === null || text === undefined) return {}
  const tags = String(text)
    .split("\n")
    .map((line) => {
      const end = line.indexOf("=")
      return [line.slice(0, end), String(parseJson(line.slice(end + 1)))] as const
    })
  return Object.fromEntries(tags.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Of every product that has devices. */
export const countByStatus = Effect.fnUntraced(function* (sql: SqlSession) {
  const rows = yield* sql.all(
    `SELECT product_key, status, n, (SELECT product_name FROM products WHERE products.product_key = counted.product_key) AS product_name
     FROM (SELECT product_key, status, COUNT(*) AS n FROM devices GROUP BY product_key, status) AS counted`
  )
  const products = new Map<string, ProductCounts>()
  for (const row of rows) {
    const productKey = String(row["product_key"])
    const known = products.get(productKey) ?? { productKey, productName: String(row["product_name"]), byStatus: {} }
    products.set(productKey, { ...known, byStatus: { ...known.byStatus, [String(row["status"])]: Number(row["n"]) } })
  }
  return [...products.values()]
})
