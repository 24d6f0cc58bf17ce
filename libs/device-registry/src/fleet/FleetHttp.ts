import {
  formatDeviceCursor,
  pageLengthDefault,
  parseDeviceCursor,
  RegistryApi,
  silenceMillis,
  tagFilter,
  totalText
} from "@roost/contracts"
import { Clock, Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { pageOf } from "../Page.ts"
import { Registry } from "../Registry.ts"
import { RegistryStore } from "../RegistryStore.ts"
import { ClusterView } from "./ClusterView.ts"
import { activityOf, type DeviceCounts, deviceCounts } from "./FleetSummaries.ts"
import { Processes } from "./Processes.ts"

/** How old the count of devices may be that a summary shows: counting a million takes a database a good part of a second. */
const countedMillisMax = 5_000

export const FleetHandlers = HttpApiBuilder.group(
  RegistryApi,
  "fleet",
  Effect.fnUntraced(function* (handlers) {
    const registry = yield* Registry
    const store = yield* RegistryStore
    const processes = yield* Processes
    const cluster = yield* ClusterView
    let counted: DeviceCounts | undefined
    return handlers.handleAll({
      searchDevices: Effect.fnUntraced(function* ({ query }) {
        const { cursor, limit = pageLengthDefault, productKey, q, silentFor, sort = "deviceKey", status, tag } = query
        const { devices, found } = yield* registry.search({
          part: q,
          productKey,
          status,
          tag: tag === undefined ? undefined : tagFilter(tag),
          seenBefore: silentFor === undefined ? undefined : (yield* Clock.currentTimeMillis) - silenceMillis(silentFor),
          sort,
          after: cursor === undefined ? undefined : parseDeviceCursor(cursor),
          limit: limit + 1
        })
        const { items, nextCursor } = pageOf(limit, devices, ({ deviceKey, lastSeenAt, productKey }) =>
          formatDeviceCursor({ productKey, deviceKey, lastSeenAt, found })
        )
        return { devices: items, ...nextCursor, total: totalText(found) }
      }),
      getSummary: Effect.fnUntraced(function* () {
        const at = yield* Clock.currentTimeMillis
        if (counted === undefined || Math.abs(at - counted.countedAt) > countedMillisMax) {
          counted = deviceCounts(at, yield* store.countByStatus)
        }
        return { at, devices: counted, ...activityOf(processes.current()) }
      }),
      getCluster: () => cluster.look
    })
  })
)
