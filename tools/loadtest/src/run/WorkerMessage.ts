import type { DeviceSource, Measured } from "@roost/load"
import type { LoadConfig } from "../LoadConfig.ts"
import type { PhaseName } from "../Report.ts"

/** From the coordinator to a process that plays devices. */
export type ToWorker =
  | { readonly _tag: "Start"; readonly config: LoadConfig; readonly source: DeviceSource }
  /** The worker answers with the last `Snapshot` of the phase that ends. */
  | { readonly _tag: "Enter"; readonly phase: PhaseName }

export type FromWorker =
  | { readonly _tag: "Ready" }
  | Snapshot
  | { readonly _tag: "PhaseDone"; readonly phase: PhaseName }
  | { readonly _tag: "Fatal"; readonly message: string }

/** A worker's measurements since its last snapshot. */
export interface Snapshot {
  readonly _tag: "Snapshot"
  readonly isLastOfPhase: boolean
  readonly measured: Measured
  readonly online: number
  readonly inFlight: number
  readonly millis: number
  /** User and system time of all threads. */
  readonly cpuMicros: number
  /** Of the thread that plays the devices. */
  readonly threadCpuMicros: number
  /** p99 of how late the event loop's timers were. */
  readonly loopLagMillis: number
  readonly rssBytes: number
}
