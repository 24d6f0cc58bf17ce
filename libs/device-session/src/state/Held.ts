import type { FrameKind, PeerAddress } from "@roost/contracts"
import type { EdgeLink } from "./EdgeLink.ts"

/** An entry of a frame that waits for what it concerns. `body` is a copy. */
export interface Held {
  readonly edge: EdgeLink
  readonly kind: FrameKind
  readonly partition: number
  readonly peer: PeerAddress
  readonly body: Uint8Array
}
