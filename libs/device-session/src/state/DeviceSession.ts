import type { Allowance } from "@roost/bounded"
import type { ServerExchanges } from "@roost/coap"
import type { PeerAddress } from "@roost/contracts"
import type { Session } from "@roost/dtls"
import type { NamedTopic, SessionRights } from "./SessionRights.ts"
import type { DeviceFacts } from "./DeviceFacts.ts"
import type { EdgeLink } from "./EdgeLink.ts"
import type { Held } from "./Held.ts"

/**
 * Where a device is that came by its connection id from another address than its handshake did: after its NAT forgot it,
 * mostly. Nothing shows that records arrive there (RFC 9146 §6, condition 3): an onlooker of a record on its way can send
 * it from any address. So no more than three times the bytes that came from there go there, as in RFC 9000 §8.
 * A request pays for its own answer. The address is in no table: the records from there are found by their connection id.
 */
export interface Path {
  readonly peer: PeerAddress
  edge: EdgeLink
  /** Bytes of datagrams that may still go there. */
  bytesLeft: number
  /** When the device was last heard at the address of its handshake, in milliseconds since 1970. */
  readonly homeHeardAt: number
}

/** A session as it came from the bucket, and what it waits for. */
export interface Restored {
  readonly waiting: Array<Held>
  /** This owner's write of the entry is stored: it has a block, and every former owner has lost it. */
  fenced: boolean
  /** The streams were read. */
  recalled: boolean
  /** Under which they are asked now; 0 while nobody is. */
  askedToken: number
  /** When a device that waits for the answer that its former owner owed is looked after again; Infinity if none is owed. */
  owedAt: number
  /** The device's last sign of life that was written down, on the host's clock. */
  readonly seenAt: number
}

/** The messages that former owners stored last, until no copy of them can come any more. */
export interface Recalled {
  readonly ids: ReadonlyArray<string>
  readonly until: number
}

/**
 * The live half of a device: its DTLS association and what goes with it. Replaced as a whole by the next verified
 * handshake of the same identity (contract §7.17).
 */
export interface DeviceSession extends SessionRights {
  readonly dtls: Session
  /** Random, hexadecimal: names this session in uplinks and events. */
  readonly handle: string
  /** Handle of the session that a full handshake made: the same for all resumptions of it, it names exchanges. */
  readonly scope: string
  /** Of the session before, which a full handshake ended; undefined if none is known. */
  formerScope: string | undefined
  readonly lifetimeMillis: number
  readonly facts: DeviceFacts
  revoked: boolean
  /** Undefined while no exchange is remembered: an idle device costs nothing here. */
  exchanges: ServerExchanges | undefined
  /** Of the last request; goes with `exchanges`. */
  lastTopic: NamedTopic | undefined
  /** Of its handshake: a cookie proved it. */
  readonly peer: PeerAddress
  edge: EdgeLink
  /** Set while the device is somewhere else, where its connection id found it. */
  path: Path | undefined
  lastSeenAt: number
  online: boolean
  /** The rest of its allowance of requests; undefined while that is all. Goes with `exchanges`. */
  requests: Allowance | undefined
  /** When its handshake verified, on the wall clock of the host that served it. */
  readonly establishedAt: number
  /** `lastSeenAt` as the bucket has it. */
  savedSeenAt: number
  /** Kinds of uplinks that it sent, as bits (`StoredSession.kinds`). */
  kinds: number
  /** Set while it is as it came from the bucket: nothing may be opened or sealed yet. */
  restored: Restored | undefined
  /** Uplinks of an earlier owner that a copy of may still come. */
  recalled: Recalled | undefined
  /** Exchanges whose empty ACK waits until the store knows of it. */
  acksDue: Array<number> | undefined
  /** Messages that wait for a block of write sequence numbers. */
  outbox: Array<Uint8Array> | undefined
}
