import type { FrameWriter } from "@roost/contracts"

/** Entries that go back to one edge, collected until the end of the tick. */
export interface EdgeLink {
  readonly edgeId: string
  readonly writer: FrameWriter
  lastUsedAt: number
  /** `formatFrameTrace` of the traced requests that the frame answers. */
  readonly traces: Array<string>
}
