import { catalogue, type RefusalCode } from "@roost/explain"
import * as Data from "effect/Data"

export type SinkRefusal = Extract<RefusalCode, `sink-${string}`>

/**
 * Why a target did not take events. `target`: it takes none at present, so that they wait. `events`: something is wrong with one of them,
 * which is found by halving.
 */
export class TargetFault extends Data.TaggedError("TargetFault")<{
  readonly blame: "target" | "events"
  readonly code: SinkRefusal
  readonly detail: string
}> {
  get cure(): string {
    return catalogue[this.code].cure
  }
}

/** Characters of a detail: a target may answer with all that it was sent. */
const detailLengthMax = 500

export const targetFault = (blame: TargetFault["blame"], code: SinkRefusal, detail: string): TargetFault =>
  new TargetFault({ blame, code, detail: detail.slice(0, detailLengthMax) })
