import type { PeerAddress } from "@roost/contracts"
import type { RefusalCode } from "@roost/explain"

/** Something of a peer that names no registered device was refused. */
export interface StrangerRefusal {
  readonly peer: PeerAddress
  readonly kind: string
  readonly code: RefusalCode
  /** Whether the peer showed that it receives at its address. A stranger that forges addresses has any number of them. */
  readonly proven: boolean
  /** Escaped (`printableText`); absent where none came. */
  readonly identity?: string
  /** The four parts of an error: received, expected, the likely cause and the cure. */
  readonly reason: string
}
