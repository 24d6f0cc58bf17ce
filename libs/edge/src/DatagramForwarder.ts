import type { PlacementMap } from "@roost/cluster"
import { FrameKind, type PeerAddress } from "@roost/contracts"
import type { DeviceRoutes } from "./DeviceRoutes.ts"
import type { Drops } from "./Drops.ts"
import type { EdgeCounters } from "./EdgeCounters.ts"
import { type EveryNodeQuestions, subjectOfCid } from "./EveryNodeQuestions.ts"
import type { FrameOutbox } from "./FrameOutbox.ts"
import type { HandedOffHandshakes } from "./HandedOffHandshakes.ts"
import { none, only } from "./HandedOffPeers.ts"

export interface ForwarderParts {
  readonly counters: EdgeCounters
  readonly drops: Drops
  readonly handedOff: HandedOffHandshakes
  readonly outbox: FrameOutbox
  readonly placement: PlacementMap
  readonly questions: EveryNodeQuestions
  readonly routes: DeviceRoutes
}

/** Takes a datagram to the owner of its device: by connection id, else by address, else by asking every node. */
export class DatagramForwarder {
  readonly #counters: EdgeCounters
  readonly #drops: Drops
  readonly #handedOff: HandedOffHandshakes
  readonly #outbox: FrameOutbox
  readonly #placement: PlacementMap
  readonly #questions: EveryNodeQuestions
  readonly #routes: DeviceRoutes

  constructor(parts: ForwarderParts) {
    this.#counters = parts.counters
    this.#drops = parts.drops
    this.#handedOff = parts.handedOff
    this.#outbox = parts.outbox
    this.#placement = parts.placement
    this.#questions = parts.questions
    this.#routes = parts.routes
  }

  /** False if the connection id at `cidOffset` has no route. */
  byConnectionId(peer: PeerAddress, datagram: Uint8Array, cidOffset: number): boolean {
    const partition = this.#routes.ofConnectionId(datagram, cidOffset)
    if (partition === undefined) return false
    this.#counters.routedByCid++
    this.#outbox.toOwner(FrameKind.Datagram, partition, peer, datagram)
    return true
  }

  /** One whose connection id has no route. A handshake that was handed off from the address may have offered it. */
  byUnknownConnectionId(now: number, peer: PeerAddress, datagram: Uint8Array, cidOffset: number): void {
    if (this.#drops.dropsTooLarge(now, peer, datagram)) return
    this.#toPartitions(now, this.#handedOff.of(peer.key), peer, datagram, subjectOfCid(datagram, cidOffset))
  }

  /** One without a connection id. `ofHandshake`: it may belong to a handshake that was handed off. */
  byAddress(now: number, peer: PeerAddress, datagram: Uint8Array, ofHandshake: boolean): void {
    const handedOff = this.#handedOff.of(peer.key)
    const routed = this.#routes.ofPeer(peer.key)
    if (routed === undefined && this.#drops.dropsTooLarge(now, peer, datagram)) return
    // RFC 6347 §4.2.8: while a new handshake runs, data on the same address still belongs to the old session (D19).
    const first = ofHandshake ? handedOff : none
    const partitions = first.length > 0 ? first : routed === undefined ? handedOff : only(routed)
    this.#toPartitions(now, partitions, peer, datagram, peer.key)
  }

  /** True if `byAddress` finds an owner without asking. */
  knows(peerKey: number | string): boolean {
    return this.#handedOff.has(peerKey) || this.#routes.hasPeer(peerKey)
  }

  /** One that another edge heard, of a handshake that was handed off from here, to its owners. False if none was. */
  strayToOwners(now: number, peer: PeerAddress, datagram: Uint8Array): boolean {
    const partitions = this.#handedOff.of(peer.key)
    for (const partition of partitions) {
      this.#halvesToOwner(now, partition, peer)
      this.#outbox.toOwner(FrameKind.Datagram, partition, peer, datagram)
    }
    return partitions.length > 0
  }

  /** A route that is in doubt is kept, since what raised the doubt may be a forgery; every node is asked, too. */
  #toPartitions(
    now: number,
    partitions: ReadonlyArray<number>,
    peer: PeerAddress,
    datagram: Uint8Array,
    subject: number | string
  ): void {
    if (partitions.length === 0) {
      const refused = this.#questions.refuse(now, peer.key, subject)
      return refused === undefined ? this.#toEveryNode(peer, datagram) : this.#drops.drop(now, peer, refused)
    }
    // First of all: an owner that knows nothing of the handshake has told the edge to doubt the address.
    if (this.#handedOff.keepsHalves) for (const partition of partitions) this.#halvesToOwner(now, partition, peer)
    if (this.#routes.isDoubted(peer.key) && this.#questions.refuse(now, peer.key, subject) === undefined) {
      this.#routes.endDoubt(peer.key)
      return this.#toEveryNode(peer, datagram)
    }
    this.#counters.routedByAddress++
    for (const partition of partitions) this.#outbox.toOwner(FrameKind.Datagram, partition, peer, datagram)
  }

  /** A handshake that its owner does not have, whatever became of the half, goes on with the device's retransmission. */
  #halvesToOwner(now: number, partition: number, peer: PeerAddress): void {
    for (const half of this.#handedOff.forOwner(now, peer.key, partition, this.#placement.tokenOf(partition))) {
      this.#outbox.toOwner(half.kind, partition, half.peer, half.body)
    }
  }

  /** The owner of the datagram answers, and adds a route. */
  #toEveryNode(peer: PeerAddress, datagram: Uint8Array): void {
    this.#counters.unrouted++
    this.#outbox.toEveryNode(FrameKind.Unrouted, peer, datagram)
  }
}
