import { countedFoundMax } from "@roost/contracts"
import type { DeviceQuery } from "../RegistryStore.ts"
import { deviceColumns } from "../sql/Rows.ts"
import type { Value } from "../sql/Values.ts"
import { soughtText } from "./DeviceText.ts"

/**
 * A search over a million devices in SQL that SQLite and PostgreSQL both take. Each condition has an index that finds its
 * devices, so how many each finds is asked first, up to one more than `countedFoundMax`. The condition that finds fewest leads,
 * if it finds no more than those. The others are looked at device by device, and what is left is sorted. Otherwise devices are
 * gone through in the order that is asked for, by its index, until a page is full.
 */
export interface SearchStatement {
  readonly sql: string
  readonly values: ReadonlyArray<Value>
}

/** How a database finds the devices whose text has a part. */
export interface PartIndex {
  /** Gives `found`, rows of `device_search`. */
  readonly from: string
  readonly where: string
  readonly value: (sought: string) => Value
  /** Before a column: the planner is to take no index for it. */
  readonly unindexed: string
}

/** One of the query's conditions. */
interface Condition {
  /** The text after FROM when it leads; gives `found`, with product_key and device_key. */
  readonly lead: string
  readonly where: string
  readonly values: ReadonlyArray<Value>
  /** The condition of a device `d` that another one led to, and its values where they are others. */
  readonly rest: string
  readonly restValues?: ReadonlyArray<Value>
  /** The same where devices are gone through by `device_search`. */
  readonly restOfKeys?: string
}

export const conditionsOf = (
  { part, productKey, seenBefore, status, tag }: DeviceQuery,
  parts: PartIndex
): ReadonlyArray<Condition> => {
  const conditions: Array<Condition> = []
  if (part !== undefined) {
    const sought = soughtText(part)
    conditions.push({
      lead: parts.from,
      where: parts.where,
      values: [parts.value(sought)],
      rest: `EXISTS (SELECT 1 FROM device_search AS s WHERE s.device_key = d.device_key AND s.product_key = d.product_key
        AND s.text LIKE ? ESCAPE '\\')`,
      restOfKeys: `keys.text LIKE ? ESCAPE '\\'`,
      restValues: [likeOf(sought)]
    })
  }
  if (tag !== undefined) {
    const { name, value } = tag
    const values = [name, ...(value === undefined ? [] : [JSON.stringify(value)])]
    const is = `kind = 'tag' AND value IS NOT NULL AND name = ?${value === undefined ? "" : " AND value = ?"}`
    conditions.push({
      lead: "device_properties AS found",
      where: is,
      values,
      rest: `EXISTS (SELECT 1 FROM device_properties AS p WHERE p.product_key = d.product_key AND p.device_key = d.device_key AND ${is})`
    })
  }
  if (productKey !== undefined && status !== undefined) {
    const is = "product_key = ? AND status = ?"
    conditions.push({ lead: "devices AS found", where: is, values: [productKey, status], rest: ofDevice(is) })
  } else if (productKey !== undefined) {
    conditions.push({
      lead: "devices AS found",
      where: "product_key = ?",
      values: [productKey],
      rest: "d.product_key = ?"
    })
  } else if (status !== undefined) {
    conditions.push({
      lead: "devices AS found",
      // By the index, which begins with the product.
      where: "product_key IN (SELECT product_key FROM products) AND status = ?",
      values: [status],
      rest: "d.status = ?"
    })
  }
  if (seenBefore !== undefined) {
    conditions.push({
      lead: "devices AS found",
      where: "last_seen_at < ?",
      values: [seenBefore],
      rest: "d.last_seen_at < ?"
    })
  }
  return conditions
}

const ofDevice = (condition: string): string => condition.replaceAll(/\b(product_key|status)\b/g, "d.$1")

/** How many devices a condition finds by itself; without one, how many there are. */
export const countOfOne = (condition: Condition | undefined): SearchStatement =>
  condition === undefined
    ? counting("FROM devices", [])
    : counting(`FROM ${condition.lead} WHERE ${condition.where}`, condition.values)

const counting = (from: string, values: ReadonlyArray<Value>): SearchStatement => ({
  sql: numbered(`SELECT COUNT(*) AS n FROM (SELECT 1 AS one ${from} LIMIT ${countedFoundMax + 1}) AS counted`),
  values
})

/** The way of a search: by the condition that leads, or by the order. */
export interface SearchPlan {
  readonly lead: Condition | undefined
  readonly rest: ReadonlyArray<Condition>
}

/** `counts`: what `countOfOne` found of each condition, in their order. */
export const planOf = (conditions: ReadonlyArray<Condition>, counts: ReadonlyArray<number>): SearchPlan => {
  const least = Math.min(...counts)
  const index = counts.indexOf(least)
  if (least > countedFoundMax || index === -1) return { lead: undefined, rest: conditions }
  return { lead: conditions[index]!, rest: conditions.filter((_, i) => i !== index) }
}

/** How many devices meet all conditions. */
export const countOfAll = (plan: SearchPlan): SearchStatement => {
  const { from, values, where } = candidates(plan, devicesInOrder)
  return counting(`FROM ${from} WHERE ${where}`, values)
}

/** Devices in an order, where no condition leads. */
interface InOrder {
  readonly from: string
  readonly where: string
  /** Of the order's columns. */
  readonly alias: "d" | "keys"
  /** Keeps another index than the order's from being taken for a condition. */
  readonly unindexed?: string
}

const devicesInOrder: InOrder = { from: "devices AS d", where: "1 = 1", alias: "d" }

/** By the index of `device_search`: that of `devices` begins with the product. */
const keysInOrder: InOrder = {
  from: "device_search AS keys CROSS JOIN devices AS d",
  where: "d.product_key = keys.product_key AND d.device_key = keys.device_key",
  alias: "keys"
}

const candidates = ({ lead, rest }: SearchPlan, inOrder: InOrder) => {
  const values = rest.flatMap(({ restValues, values }) => restValues ?? values)
  if (lead === undefined) {
    const conditions = rest.map(({ rest, restOfKeys = rest }) =>
      inOrder.alias === "keys"
        ? restOfKeys
        : rest.replaceAll(/\bd\.(?=product_key = \?|status = \?)/g, `${inOrder.unindexed ?? ""}d.`)
    )
    return { ...inOrder, where: [inOrder.where, ...conditions].join(" AND "), values }
  }
  return {
    // CROSS: SQLite takes the tables in this order.
    from: `(SELECT found.product_key, found.device_key FROM ${lead.lead} WHERE ${lead.where}) AS lead
      CROSS JOIN devices AS d`,
    where: [
      "d.product_key = lead.product_key AND d.device_key = lead.device_key",
      ...rest.map((condition) => condition.rest)
    ].join(" AND "),
    alias: "d",
    values: [...lead.values, ...values]
  }
}

/** One page, in one or two statements that follow each other until it is full: those that were never heard of come last. */
export const pagesOf = (
  plan: SearchPlan,
  query: DeviceQuery,
  { unindexed }: PartIndex,
  complete: boolean
): ReadonlyArray<SearchStatement> => {
  const { after, limit, sort } = query
  const [direction, beyond] = sort.startsWith("-") ? ["DESC", "<"] : ["ASC", ">"]
  const page = (
    inOrder: InOrder,
    order: ReadonlyArray<string>,
    way: string,
    condition: (alias: string) => string,
    values: ReadonlyArray<Value>
  ): SearchStatement => {
    const { alias, from, values: chosen, where } = candidates(plan, inOrder)
    const orderOf = (alias: string) => order.map((column) => `${alias}.${column} ${way}`).join(", ")
    const sql = `SELECT ${columns}, ${tagsColumn} AS tags
      FROM (SELECT d.product_key AS pk, d.device_key AS dk FROM ${from} WHERE ${where}${condition(alias)}
        ORDER BY ${orderOf(alias)} LIMIT ${limit}) AS page
      CROSS JOIN devices AS d WHERE d.product_key = page.pk AND d.device_key = page.dk ORDER BY ${orderOf("d")}`
    return { sql: numbered(sql), values: [...chosen, ...values] }
  }
  const keyOrder = ["device_key", "product_key"]
  const behind = (alias: string, columns: ReadonlyArray<string>, beyond: string) =>
    ` AND (${columns.map((column) => `${alias}.${column}`).join(", ")}) ${beyond} (${columns.map(() => "?").join(", ")})`
  const position = after === undefined ? [] : [after.deviceKey, after.productKey]
  if (sort.endsWith("deviceKey")) {
    return [
      page(
        complete && query.productKey === undefined ? keysInOrder : devicesInOrder,
        keyOrder,
        direction!,
        (alias) => (after === undefined ? "" : behind(alias, keyOrder, beyond!)),
        position
      )
    ]
  }
  const amongNever = after !== undefined && after.lastSeenAt === undefined
  const never = page(
    devicesInOrder,
    keyOrder,
    "ASC",
    () => ` AND d.last_seen_at IS NULL${amongNever ? behind("d", keyOrder, ">") : ""}`,
    amongNever ? position : []
  )
  if (amongNever) return [never]
  const seenOrder = ["last_seen_at", ...keyOrder]
  const heard = page(
    // A state or a product has its index; who took that would put all of its devices in order for one page.
    { ...devicesInOrder, unindexed },
    seenOrder,
    direction!,
    () => (after === undefined ? " AND d.last_seen_at IS NOT NULL" : behind("d", seenOrder, beyond!)),
    after === undefined ? [] : [after.lastSeenAt!, ...position]
  )
  // A device that was never heard of was silent for no time.
  return query.seenBefore === undefined ? [heard, never] : [heard]
}

/** How many devices of each product are in each state, by the index. */
export const countsByStatus = `SELECT product_key, status, n,
  (SELECT product_name FROM products WHERE products.product_key = counted.product_key) AS product_name
  FROM (SELECT product_key, status, COUNT(*) AS n FROM devices GROUP BY product_key, status) AS counted`

const columns = deviceColumns
  .split(", ")
  .map((column) => `d.${column}`)
  .join(", ")

/** One per line, each as `name=` and its value in JSON, which has no line break. */
const tagsColumn = `(SELECT STRING_AGG(name || '=' || value, '
') FROM device_properties AS t WHERE t.product_key = d.product_key AND t.device_key = d.device_key
  AND t.kind = 'tag' AND t.value IS NOT NULL)`

const likeOf = (sought: string): string => `%${sought.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`

/** Parameters by their place, as both databases have them. */
const numbered = (sql: string): string => {
  let index = 0
  return sql.replaceAll("?", () => `?${++index}`)
}
