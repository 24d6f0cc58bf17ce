import { BoundedMap, FairMap, sourceOf } from "@roost/bounded"
import { packBytes } from "../internal/bytes.ts"
import { serverCidBytes } from "../Limits.ts"
import { connectionIdAt } from "../record/Header.ts"
import type { AwaitKeyExchange, FrontHandshake } from "./FrontHandshake.ts"

type PeerKey = number | string

/**
 * Handshakes of many peers, oldest first. When there are too many, the source that has the most loses its oldest: one host
 * displaces itself, and a slow device of another keeps its place.
 */
export class FrontHandshakes {
  readonly #byPeer: FairMap<PeerKey, FrontHandshake>
  /** Those with a connection id, by it. */
  readonly #byConnectionId = new Map<string, AwaitKeyExchange>()
  /** Which connection id came last from an address that has no handshake of its own. */
  readonly #moved: BoundedMap<PeerKey, string>
  /** How many gave way to newer ones. */
  evicted = 0

  constructor(max: number) {
    this.#byPeer = new FairMap(max)
    this.#moved = new BoundedMap(Math.min(max, movedMax))
  }

  get size(): number {
    return this.#byPeer.size
  }

  get(peerKey: PeerKey): FrontHandshake | undefined {
    return this.#byPeer.get(peerKey)
  }

  /** Takes the place of an older one of the same peer. */
  set(peerKey: PeerKey, handshake: FrontHandshake): void {
    this.delete(peerKey)
    const evicted = this.#byPeer.set(sourceOf(peerKey), peerKey, handshake)
    if (evicted !== undefined) {
      this.#forgetId(evicted[1])
      this.evicted++
    }
    if (idOf(handshake) !== "") this.#byConnectionId.set(idOf(handshake), handshake as AwaitKeyExchange)
  }

  delete(peerKey: PeerKey): void {
    const handshake = this.#byPeer.get(peerKey)
    if (handshake === undefined) return
    this.#byPeer.delete(peerKey)
    this.#forgetId(handshake)
  }

  /** The one that began first, with its peer. */
  oldest(): readonly [PeerKey, FrontHandshake] | undefined {
    return this.#byPeer.oldest()
  }

  hasConnectionId(bytes: Uint8Array, at: number): boolean {
    return this.#byConnectionId.size > 0 && this.#byConnectionId.has(packBytes(bytes.subarray(at, at + serverCidBytes)))
  }

  /**
   * The handshake of a client whose address changed after ServerHello, by a connection id in this datagram or in an earlier
   * one from the same address (RFC 9146 §6). The handshake stays its first address's as well, since the id may have been seen
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

  #forgetId(handshake: FrontHandshake): void {
    const id = idOf(handshake)
    if (id !== "" && this.#byConnectionId.get(id) === handshake) this.#byConnectionId.delete(id)
  }
}

const idOf = (handshake: FrontHandshake): string =>
  handshake._tag === "AwaitKeyExchange" ? handshake.connectionId : ""

/** Addresses whose last connection id is remembered: a NAT moves few clients within a handshake. */
const movedMax = 4096
