import type { Figure } from "../Figures.ts"
import type { Machine } from "../Machine.ts"

/** Everything that a run found out; report.json is this. */
export interface Report {
  readonly startedAt: string
  readonly minutes: number
  readonly command: string
  readonly machine: Machine
  readonly rounds: number
  readonly seconds: number
  /** Of the rows of traffic. */
  readonly devices: number
  readonly underWay: number
  /** In the order of the columns. */
  readonly servers: ReadonlyArray<{ readonly key: string; readonly name: string; readonly warmUp: string }>
  /** Peers that were not measured, and runs that failed. */
  readonly notes: ReadonlyArray<string>
  readonly figures: ReadonlyArray<Figure>
}
