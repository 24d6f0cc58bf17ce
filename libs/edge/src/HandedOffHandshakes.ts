import type { PeerAddress } from "@roost/contracts"
import type { EdgeLimits } from "./EdgeLimits.ts"
import { type Half, HandedOffHalves } from "./HandedOffHalves.ts"
import { HandedOffPeers } from "./HandedOffPeers.ts"

type Limits = Pick<
  EdgeLimits,
  "halfBytesMax" | "halfQuietMillis" | "halvesMax" | "handedOffMax" | "handedOffMillis" | "ownersPerPeerMax"
>

/** The handshakes that owners were given and did not confirm yet: whose partition goes on with a peer's, and the half for its next owner. */
export class HandedOffHandshakes {
  readonly #peers: HandedOffPeers
  readonly #halves: HandedOffHalves

  constructor(limits: Limits) {
    this.#peers = new HandedOffPeers(limits.handedOffMax, limits.ownersPerPeerMax)
    this.#halves = new HandedOffHalves({ ...limits, millisMax: limits.handedOffMillis })
  }

  /** In peers. */
  get size(): number {
    return this.#peers.size
  }

  has(peerKey: number | string): boolean {
    return this.#peers.has(peerKey)
  }

  /** The partitions that go on with handshakes of this peer. */
  of(peerKey: number | string): ReadonlyArray<number> {
    return this.#peers.of(peerKey)
  }

  add(peerKey: number | string, partition: number): void {
    this.#peers.add(peerKey, partition)
  }

  /** See `HandedOffHalves.keep`. */
  keep(now: number, partition: number, token: number | undefined, half: Half, from?: PeerAddress): void {
    this.#halves.keep(now, partition, token, half, from)
  }

  /** Whether something of the peer was handed off less than `millis` ago. */
  isNew(now: number, peerKey: number | string, millis: number): boolean {
    if (!this.keepsHalves) return false
    return this.#peers.of(peerKey).some((partition) => this.#halves.isNew(now, peerKey, partition, millis))
  }

  /** False while no owner may lack a half: then there is nothing to look for. */
  get keepsHalves(): boolean {
    return this.#halves.size > 0
  }

  /** The halves that the owner with this token has to be given before the peer's next datagram. */
  forOwner(now: number, peerKey: number | string, partition: number, token: number | undefined): ReadonlyArray<Half> {
    if (!this.#peers.of(peerKey).includes(partition)) return noHalves
    return this.#halves.forOwner(now, peerKey, partition, token)
  }

  /**
   * The partition's owner has the session of the peer. A verified Finished ends everything that was begun from there: the rest is a
   * copy's, or a forgery. False where that owner was handed nothing: another device's session moved to this address.
   */
  confirmed(peerKey: number | string, partition: number): boolean {
    const partitions = this.#peers.of(peerKey)
    if (!partitions.includes(partition)) return false
    for (const one of partitions) this.#halves.confirmed(peerKey, one)
    this.#peers.delete(peerKey)
    return true
  }

  /** Called once in `handedOffMillis`, it bounds how long a peer and a half are kept. */
  turn(now: number): void {
    this.#peers.turn()
    this.#halves.expire(now)
  }
}

const noHalves: ReadonlyArray<Half> = []
