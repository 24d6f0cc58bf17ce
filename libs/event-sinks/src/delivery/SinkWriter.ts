import type { ApplicationEvent } from "@roost/contracts"
import type { Effect } from "effect"
import type { ModelOfProducts } from "../postgres/ModelViews.ts"
import type { TargetFault } from "./TargetFault.ts"

/** A way to a target; it connects when it is asked, and again after a fault. */
export interface SinkWriter {
  /** Done when the target has all of them for good; an event that it has already changes nothing there, or comes again with its id. */
  readonly write: (events: ReadonlyArray<ApplicationEvent>) => Effect.Effect<void, TargetFault>
  /** Connects, and looks whether it could write. */
  readonly test: Effect.Effect<void, TargetFault>
  /** Events that it takes at once. */
  readonly batchMax: number
  /** A batch that is not full waits so long after the one before. */
  readonly batchEveryMillis: number
}

/** The thing models as they are now; `version` grows with each change. */
export interface KnownModels {
  readonly version: number
  readonly models: ReadonlyArray<ModelOfProducts>
}
