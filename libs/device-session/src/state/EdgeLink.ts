import type { FrameWriter } from "@roost/contracts"

/** What goes back to one edge, collected until the end of the tick. */
export interface EdgeLink {
  readonly edgeId: string
  readonly writer: FrameWriter
  lastUsedAt: number
}
