import type { PeerAddress } from "@roost/contracts"
import type { EdgeLink } from "./EdgeLink.ts"

/**
 * The outcome of a datagram. `Alive`: a record verified, the device is there. `Seen`: what came is a copy, or the session is
 * closed. `Foreign`: nothing in it is the session's, as far as can be told.
 */
export type DatagramOutcome = "Alive" | "Seen" | "Foreign"

/** A datagram for a device, which its session reads record by record. */
export interface HeardDatagram {
  readonly _tag: "Datagram"
  readonly edge: EdgeLink
  readonly peer: PeerAddress
  readonly datagram: Uint8Array
  /** Of the next record. */
  offset: number
  outcome: DatagramOutcome
}

/** A datagram of which nothing was read yet. */
export const heardDatagram = (edge: EdgeLink, peer: PeerAddress, datagram: Uint8Array): HeardDatagram => ({
  _tag: "Datagram",
  edge,
  peer,
  datagram,
  offset: 0,
  outcome: "Foreign"
})
