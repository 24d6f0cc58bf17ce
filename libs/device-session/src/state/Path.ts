import type { PeerAddress } from "@roost/contracts"
import type { DeviceSession, Path } from "./DeviceSession.ts"
import type { EdgeLink } from "./EdgeLink.ts"

/** Bytes that are sent to an unproved address, at most, for each byte that came from it (RFC 9146 §9, RFC 9000 §8). */
export const unprovedFactor = 3
/** Bytes that an unproved address may save up: enough for any answer, too few for a flood. */
export const unprovedBytesMax = 64 * 1024

/** Where what the device is to get goes. */
export const addressOf = (session: DeviceSession): PeerAddress => session.path?.peer ?? session.peer
export const edgeOf = (session: DeviceSession): EdgeLink => session.path?.edge ?? session.edge

/**
 * A record that is newer than all before it verified: the device is there (RFC 9146 §6, conditions 1 and 2). To be called
 * before `lastSeenAt` is the time of this record.
 */
export const follow = (session: DeviceSession, peer: PeerAddress, edge: EdgeLink): void => {
  const { path } = session
  if (peer.key === session.peer.key) {
    session.path = undefined
    session.edge = edge
  } else if (path?.peer.key === peer.key) path.edge = edge
  else session.path = { peer, edge, bytesLeft: 0, homeHeardAt: path?.homeHeardAt ?? session.lastSeenAt }
}

/** A datagram of the device came from there: it allows more to go back. */
export const credit = ({ path }: DeviceSession, peer: PeerAddress, bytes: number): void => {
  if (path?.peer.key !== peer.key) return
  path.bytesLeft = Math.min(unprovedBytesMax, path.bytesLeft + unprovedFactor * bytes)
}

/** Whether so many bytes may go to where the device is. An address that a cookie proved has no limit. */
export const affords = ({ path }: DeviceSession, bytes: number): boolean =>
  path === undefined || path.bytesLeft >= bytes

/** Takes what was sent from the allowance of an unproved address. */
export const spend = ({ path }: DeviceSession, bytes: number): void => {
  if (path !== undefined) path.bytesLeft -= bytes
}

/**
 * True if the device was at its handshake's address a moment ago. A copy of its record that overtook it may be all that speaks
 * for another one. Every datagram to there goes home, too (RFC 9000 §9.3.3). No NAT gives a port to another device so soon.
 */
export const mayBeHome = ({ lastSeenAt, path }: DeviceSession): boolean =>
  path !== undefined && lastSeenAt - path.homeHeardAt < homeMillisMax

const homeMillisMax = 20_000

/**
 * The largest CoAP message that should go to the device now. Its records hold no more, or its address has no more left. A
 * long answer goes block by block, each paid for by its request.
 */
export const messageBytesMax = ({ dtls, path }: DeviceSession): number => {
  if (path === undefined) return dtls.writeBytesMax
  const room = path.bytesLeft - dtls.sealedBytes(0) - paddingBytesMax
  return Math.min(dtls.writeBytesMax, Math.max(room, unprovedMessageBytesMin))
}

/** CBC pads a record to whole blocks of 16 bytes. */
const paddingBytesMax = 16
/** Below it an answer is not made shorter: one that has no room waits until its request is repeated. */
const unprovedMessageBytesMin = 160

/**
 * The address from which the datagrams of a handshake came last, where that is not the one that its cookie proved. `homeHeardAt`
 * is when it began there.
 */
export const unprovedPath = (
  from: { readonly peer: PeerAddress; readonly edge: EdgeLink; readonly bytes: number } | undefined,
  homeHeardAt: number
): Path | undefined =>
  from && {
    peer: from.peer,
    edge: from.edge,
    bytesLeft: Math.min(unprovedBytesMax, unprovedFactor * from.bytes),
    homeHeardAt
  }
