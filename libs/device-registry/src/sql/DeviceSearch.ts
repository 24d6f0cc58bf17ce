import { TemporarilyUnavailable } from "@roost/contracts"
import { Effect } from "effect"
import type { DeviceId, DeviceQuery, FoundDevice, FoundDevices, ProductCounts } from "../RegistryStore.ts"
import type { DeviceIndex } from "../search/DeviceIndex.ts"
import { tagsOf } from "../search/DeviceText.ts"
import { deviceOf } from "./Rows.ts"
import type { Row, SqlSession } from "./Sql.ts"

/** The index follows later; which devices it has to take up is noted with the change itself. */
export const noteForSearch = (sql: SqlSession, devices: ReadonlyArray<DeviceId>) =>
  devices.length === 0
    ? Effect.void
    : sql.run(
        "INSERT INTO search_changes (devices) VALUES (?1)",
        JSON.stringify(devices.map(({ deviceKey, productKey }) => [productKey, deviceKey]))
      )

export const searchDevices = Effect.fnUntraced(function* (
  index: DeviceIndex,
  query: DeviceQuery
): Effect.fn.Return<FoundDevices, TemporarilyUnavailable> {
  const answer = yield* index.search(query)
  if ("rows" in answer) return { devices: answer.rows.map(foundOf), found: answer.found }
  return yield* new TemporarilyUnavailable({
    detail:
      `The index of keys, names and tags is being made: ${answer.prepared} devices are in it. Try again in some seconds; ` +
      "without q the list is whole.",
    mayHaveHappened: false
  })
})

const foundOf = (row: Row): FoundDevice => ({ ...deviceOf(row), tags: Object.fromEntries(tagsOf(row["tags"])) })

/** Of every product that has devices. */
export const countByStatus = (index: DeviceIndex) =>
  Effect.map(index.countByStatus, (rows) => {
    const products = new Map<string, ProductCounts>()
    for (const row of rows) {
      const productKey = String(row["product_key"])
      const known = products.get(productKey) ?? { productKey, productName: String(row["product_name"]), byStatus: {} }
      const byStatus = { ...known.byStatus, [String(row["status"])]: Number(row["n"]) }
      products.set(productKey, { ...known, byStatus })
    }
    return [...products.values()]
  })
