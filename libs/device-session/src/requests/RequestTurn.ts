import type { DeviceTurn } from "../state/DeviceTurn.ts"
import type { ProductProfiles } from "../state/ProductProfiles.ts"
import type { ScriptFailures } from "./ScriptFailures.ts"
import type { WaitingRequests } from "./WaitingRequests.ts"

/** What requests are given beside themselves. */
export interface RequestTurn extends DeviceTurn {
  readonly profiles: ProductProfiles
  readonly waiting: WaitingRequests
  readonly scripts: ScriptFailures
}
