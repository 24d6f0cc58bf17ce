import { BoundedMap, FairMap, sourceOf } from "@roost/bounded"
import { packBytes } from "../internal/bytes.ts"
import { serverCidBytes } from "../Limits.ts"
import { connectionIdAt } from "../record/Header.ts"
import { answeredOf, type AwaitKeyExchange, type FrontHandshake, isHandedOff } from "./FrontHandshake.ts"

type PeerKey = number | string

/**
 * Handshakes of many peers, oldest first. When there are too many, the source that has the most loses its oldest. One host
 * displaces itself, and a slow device of another keeps its place.
 */
export class FrontHandshakes {
  readonly #byPeer: FairMap<PeerKey, FrontHandshake>
  /** Those with a connection id, by it. */
  readonly #byConnectionId = new Map<string, AwaitKeyExchange>()
  /** The last connection id of an address that has no handshake of its own. */
  readonly #moved: BoundedMap<PeerKey, string>
  /** How many gave way to newer ones. */
  evicted = 0
  #handedOff = 0

  constructor(max: number) {
    this.#byPeer = new FairMap(max)
    this.#moved = new BoundedMap(Math.min(max, movedMax))
  }

  /** Without those that were handed off. */
  get size(): number {
    return this.#byPeer.size - this.#handedOff
  }

  get(peerKey: PeerKey): FrontHandshake | undefined {
    return this.#byPeer.get(peerKey)
  }

  /** Takes the place of an older one of the same peer. */
  set(peerKey: PeerKey, handshake: FrontHandshake): void {
    this.delete(peerKey)
    const evicted = this.#byPeer.set(sourceOf(peerKey), peerKey, handshake)
    if (evicted !== undefined) {
      this.#forget(evicted[1])
      if (!isHandedOff(evicted[1])) this.evicted++
    }
    if (isHandedOff(handshake)) this.#handedOff++
    for (const answered of answeredOf(handshake)) {
      if (answered.connectionId !== "") this.#byConnectionId.set(answered.connectionId, answered)
    }
  }

  /** Notes the key exchange: it is handed off once, unless others come between. The kept id may be another one's. */
  handOff(handshake: AwaitKeyExchange, exchange: string, exchangesMax: number): void {
    const isNewest = this.#byPeer.get(handshake.peer.key) === handshake
    if (isNewest && !isHandedOff(handshake)) this.#handedOff++
    handshake.exchanges = [...handshake.exchanges.slice(0, exchangesMax - 1), exchange]
  }

  delete(peerKey: PeerKey): void {
    const handshake = this.#byPeer.get(peerKey)
    if (handshake === undefined) return
    this.#byPeer.delete(peerKey)
    this.#forget(handshake)
  }

  /** The one that began first, with its peer. */
  oldest(): readonly [PeerKey, FrontHandshake] | undefined {
    return this.#byPeer.oldest()
  }

  /** Of a handshake that was not handed off. */
  hasConnectionId(bytes: Uint8Array, at: number): boolean {
    if (this.#byConnectionId.size === 0) return false
    const handshake = this.#byConnectionId.get(packBytes(bytes.subarray(at, at + serverCidBytes)))
    return handshake !== undefined && !isHandedOff(handshake)
  }

  /**
   * The handshake of a client whose address changed after ServerHello. It is found by a connection id in this datagram or
   * an earlier one from the address (RFC 9146 §6). The handshake stays its first address's as well, since the id may have been seen
   * by others.
   */
  findMoved(peerKey: PeerKey, datagram: Uint8Array): AwaitKeyExchange | undefined {
    if (this.#byConnectionId.size === 0) return undefined
    const at = connectionIdAt(datagram)
    const id = at === undefined ? this.#moved.get(peerKey) : packBytes(datagram.subarray(at, at + serverCidBytes))
    const handshake = id === undefined ? undefined : this.#byConnectionId.get(id)
    if (at !== undefined && handshake !== undefined) this.#moved.set(peerKey, id!)
    return handshake
  }

  #forget(handshake: FrontHandshake): void {
    if (isHandedOff(handshake)) this.#handedOff--
    for (const answered of answeredOf(handshake)) {
      const { connectionId } = answered
      if (this.#byConnectionId.get(connectionId) === answered) this.#byConnectionId.delete(connectionId)
    }
  }
}

/** Addresses whose last connection id is remembered: a NAT moves few clients within a handshake. */
const movedMax = 4096
