import type { PeerAddress } from "@roost/contracts"

/** Something of a peer that names no registered device was refused. */
export interface StrangerRefusal {
  readonly peer: PeerAddress
  readonly kind: string
  /** Whether the peer showed that it receives at its address. Whoever forges addresses has any number of them. */
  readonly proven: boolean
  /** Escaped (`printableText`); absent where none came. */
  readonly identity?: string
  /** What came, what was expected, the likely cause and the cure. */
  readonly reason: string
}
