import type { NamedDevice } from "../state/NamedDevice.ts"
import type { DeviceTurn } from "../state/DeviceTurn.ts"
import type { ProductProfiles } from "../state/ProductProfiles.ts"
import type { ScriptFailures } from "./ScriptFailures.ts"
import type { RequestTraces, SeenRequest } from "./RequestTraces.ts"
import type { WaitingRequests } from "./WaitingRequests.ts"

/** The turn that requests are given beside themselves. */
export interface RequestTurn extends DeviceTurn {
  readonly profiles: ProductProfiles
  readonly waiting: WaitingRequests
  readonly traces: RequestTraces
  readonly scripts: ScriptFailures
}

/** The request that is handled, for its trace. */
export const seen = (turn: RequestTurn, device: NamedDevice, topic: string): SeenRequest => ({
  now: turn.now,
  device,
  stamp: turn.waiting.heardAt,
  topic
})
