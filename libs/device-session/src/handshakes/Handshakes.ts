import { BoundedMap, FairMap, sourceOf } from "@roost/bounded"
import type { PeerAddress } from "@roost/contracts"
import { connectionIdAt, leadingBits, type PendingHandshake } from "@roost/dtls"
import type { EdgeLink } from "../state/EdgeLink.ts"
import type { HandshakeRef } from "../state/SavingState.ts"
import type { Handshake } from "./Handshake.ts"
import { connectionIdOf, resumptionOf, sessionIdsOf } from "./HandshakeState.ts"

/**
 * Handshakes in progress by peer address and by the connection id that they are to have. When there are too many, the source
 * that has the most (an IPv4 address, an IPv6 network) loses its oldest. Expiry looks at one end only (D14, F2:
 * gauges return to zero).
 */
export class Handshakes {
  readonly #byPeer: FairMap<number | string, Handshake>
  readonly #byCid = new Map<number, Handshake>()
  /** By addresses from which a datagram with its connection id came. */
  readonly #moved: BoundedMap<number | string, Handshake>
  readonly #millisMax: number

  constructor(max: number, millisMax: number) {
    this.#byPeer = new FairMap(max)
    this.#moved = new BoundedMap(Math.min(max, movedMax))
    this.#millisMax = millisMax
  }

  get size(): number {
    return this.#byPeer.size
  }

  get(peer: PeerAddress): Handshake | undefined {
    return this.#byPeer.get(peer.key)
  }

  /** Whether the full handshake, each alternative of it, is one of the peer's. */
  has(peer: PeerAddress, { sessionIds }: PendingHandshake): boolean {
    const newest = this.#byPeer.get(peer.key)
    const own = [newest, newest?.former].flatMap((handshake) =>
      handshake === undefined ? [] : sessionIdsOf(handshake.state)
    )
    return sessionIds.every((sessionId) => own.some((known) => Buffer.compare(known, sessionId) === 0))
  }

  /** Whether the resumption that `half` is of is one of the peer's. */
  hasResumption(peer: PeerAddress, half: Uint8Array): boolean {
    const newest = this.#byPeer.get(peer.key)
    return [newest, newest?.former].some(
      (handshake) => handshake !== undefined && resumptionOf(handshake.state)?.isHalf(half) === true
    )
  }

  /**
   * The one that a datagram is for: its address's, or that of its or an earlier datagram's connection id
   * (RFC 9146 §6).
   */
  find(edge: EdgeLink, peer: PeerAddress, datagram: Uint8Array): Handshake | undefined {
    const own = this.#byPeer.get(peer.key)
    if (own !== undefined || this.#byCid.size === 0) return own
    const at = connectionIdAt(datagram)
    const moved = at === undefined ? this.#moved.get(peer.key) : this.#byCid.get(leadingBits(datagram, at))
    if (moved === undefined || !this.isCurrent(moved)) return undefined
    if (at !== undefined) this.#moved.set(peer.key, moved)
    moved.movedTo = { peer, edge, bytes: datagram.length }
    return moved
  }

  /**
   * Enters a handshake, in front of an older one of the same peer, which is still tried. A late copy of a ClientHello begins
   * one that its client knows nothing of. Returns the one that had to give way, if any.
   */
  add(handshake: Handshake): Handshake | undefined {
    const { key } = handshake.peer
    const former = this.#byPeer.get(key)
    if (former !== undefined) {
      this.#forgetCid(former.former)
      former.former = undefined
      handshake.former = former
    }
    const displaced = this.#byPeer.set(sourceOf(key), key, handshake)?.[1]
    if (displaced !== undefined) this.#forget(displaced)
    const bits = cidBitsOf(handshake)
    if (bits !== undefined) this.#byCid.set(bits, handshake)
    return displaced
  }

  /** False if it was given up, or if two newer ones of the same peer came. */
  isCurrent(handshake: Handshake): boolean {
    const newest = this.#byPeer.get(handshake.peer.key)
    return newest === handshake || (newest !== undefined && newest.former === handshake)
  }

  remove(handshake: HandshakeRef): void {
    const newest = this.#byPeer.get(handshake.peer.key)
    if (newest === undefined) return
    if (newest === handshake) this.#delete(handshake.peer.key, newest)
    else if (newest.former === handshake) {
      this.#forgetCid(newest.former)
      newest.former = undefined
    }
  }

  /** Forgets those of a partition that is another node's now. */
  dropPartition(partition: number): void {
    for (const [key, handshake] of this.#byPeer) if (handshake.partition === partition) this.#delete(key, handshake)
  }

  expire(now: number, expired: (handshake: Handshake) => void): void {
    for (let oldest = this.#byPeer.oldest(); oldest !== undefined; oldest = this.#byPeer.oldest()) {
      const [key, handshake] = oldest
      if (now - handshake.startedAt < this.#millisMax) return
      this.#delete(key, handshake)
      expired(handshake)
    }
  }

  #delete(key: number | string, handshake: Handshake): void {
    this.#byPeer.delete(key)
    this.#forget(handshake)
  }

  #forget(handshake: Handshake): void {
    this.#forgetCid(handshake)
    this.#forgetCid(handshake.former)
  }

  #forgetCid(handshake: Handshake | undefined): void {
    const bits = handshake && cidBitsOf(handshake)
    if (bits !== undefined && this.#byCid.get(bits) === handshake) this.#byCid.delete(bits)
  }
}

/** `leadingBits` of the connection id that its records have. */
const cidBitsOf = ({ state }: Handshake): number | undefined => {
  const cid = connectionIdOf(state)
  return cid.length === 0 ? undefined : leadingBits(cid, 0)
}

/** Addresses that are remembered as those of moved clients: a NAT moves few within a handshake. */
const movedMax = 4096
