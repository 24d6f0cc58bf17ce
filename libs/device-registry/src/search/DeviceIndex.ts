import type { Effect } from "effect"
import type { DeviceQuery } from "../RegistryStore.ts"
import type { Row } from "../sql/Values.ts"
import type { SearchAnswer } from "./SearchIndex.ts"

/** Finds devices, beside the statements that devices wait for: on a thread, or a connection, of its own. */
export interface DeviceIndex {
  readonly search: (query: DeviceQuery) => Effect.Effect<SearchAnswer>
  /** Rows of `countsByStatus`. */
  readonly countByStatus: Effect.Effect<ReadonlyArray<Row>>
  /** Devices were noted in `search_changes`: they are brought into the index soon. */
  readonly changed: () => void
}
