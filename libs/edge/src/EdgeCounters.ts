import { isFrameStamp, type Observed, secondsSince, unobserved } from "@roost/contracts"
import type { FrontDropReason } from "@roost/dtls"

/** Why a datagram from a device went nowhere. Silence towards the sender in every case. */
export type EdgeDropReason =
  /** Not DTLS 1.2: plaintext CoAP, QUIC, STUN, noise (C16). */
  | "NotDtls"
  /** Empty or one byte, to keep the mapping of a NAT. */
  | "KeepAlive"
  /** Of no use to anyone: an answer has nowhere to go. */
  | "SourcePortZero"
  /** Epoch 0 data or alerts: nothing unprotected counts after the handshake messages (D2, D17). */
  | "Unprotected"
  /** More than a stranger needs for anything that is served. */
  | "StrangerTooLarge"
  | "UnroutedRate"
  /** Nobody answered for this peer a moment ago. */
  | "UnroutedRepeated"
  /** The node that owned the device is gone; the device retransmits. */
  | "PartitionUnowned"
  | "BusUnavailable"
  /** Another edge begins the handshake: this one is ending. */
  | "Drains"
  /** Goes on as a full handshake. */
  | "ResumesFull"
  | "ResumesRate"

/** The system's reason for a datagram that could not be sent, such as `SocketENETUNREACH`. */
export type SocketDropReason = `Socket${string}`

export type DropReason = EdgeDropReason | FrontDropReason | SocketDropReason

/** Plain numbers since the start, and times; rendered when metrics are asked for. */
export class EdgeCounters {
  datagramsIn = 0
  bytesIn = 0
  datagramsOut = 0
  bytesOut = 0
  framesIn = 0
  framesOut = 0
  /** Entries of those frames: by it, how well datagrams are batched. */
  entriesOut = 0
  framesMalformed = 0
  handedOff = 0
  resumesAsked = 0
  resumesTaken = 0
  resumesMissed = 0
  routedByCid = 0
  routedByAddress = 0
  handshakeDatagrams = 0
  unrouted = 0
  straysTold = 0
  straysOverRate = 0
  straysTaken = 0
  handshakesExpired = 0
  /** From a datagram with an uplink to its 2.04. */
  uplink: Observed = unobserved
  /** From ServerHello to ClientKeyExchange. */
  keyExchange: Observed = unobserved
  readonly dropped = new Map<string, number>()

  /** A datagram went to a device; `field` stands where its entry has no partition. */
  answered(now: number, field: number): void {
    if (!isFrameStamp(field)) return
    const seconds = secondsSince(now, field)
    if (seconds !== undefined) this.uplink.observe(seconds)
  }

  drop(reason: DropReason, datagrams = 1): void {
    this.dropped.set(reason, (this.dropped.get(reason) ?? 0) + datagrams)
  }
}
