import type { PeerAddress } from "@roost/contracts"
import type { CachedPsk } from "./DeviceFacts.ts"
import type { DeviceSession } from "./DeviceSession.ts"
import type { EdgeLink } from "./EdgeLink.ts"

/** A handshake, for whoever has to know nothing of it but which one it is. */
export interface HandshakeRef {
  readonly peer: PeerAddress
  /** The edge that began it. */
  readonly edge: EdgeLink
}

/** The session of a verified handshake that is not stored yet, and what its device is answered then. */
export interface SessionCandidate {
  readonly session: DeviceSession
  /** When its handshake verified. */
  readonly verifiedAt: number
  /** When the device has given up. */
  readonly until: number
  /** The edge that heard its Finished. */
  readonly edge: EdgeLink
  /** The address that the handshake's cookie proved. */
  readonly peer: PeerAddress
  /** Our last flight. */
  readonly reply: ReadonlyArray<Uint8Array>
  /** Datagrams that came behind the Finished; those that come while the session is stored are added. */
  readonly early: ReadonlyArray<Uint8Array>
  readonly isResumption: boolean
  /** The key that it verified under; undefined for a resumption. */
  readonly psk: CachedPsk | undefined
  readonly secretTooShort: boolean
  /** The handshake, for `HandshakeOver`. */
  readonly handshake: HandshakeRef
  /** The device's credential changed meanwhile. */
  outdated: boolean
}

/** The writes of one device to the bucket SESSIONS: one write at a time, the newest state next. */
export interface Saving {
  candidate: SessionCandidate | undefined
  dirty: boolean
  /** It is to be written by the end of the turn. */
  soon: boolean
  /** The session is over: its entry goes as soon as its revision is known. */
  gone: boolean
  /** The last write before the partition is given up. */
  final: boolean
  failures: number
  /** Times in a row that the store refused, and when it is asked again. */
  refusals: number
  notBefore: number
  /** It is among those that wait for that time. */
  waits: boolean
  inFlight: Write | undefined
}

/** One that is under way. */
export interface Write {
  readonly session: DeviceSession
  readonly candidate: SessionCandidate | undefined
  readonly writeLimit: number
  readonly seenAt: number
  /** Exchanges whose empty ACK goes when this is stored. */
  readonly acks: ReadonlyArray<number>
}
