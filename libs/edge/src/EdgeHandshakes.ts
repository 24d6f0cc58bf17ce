import type { PlacementMap } from "@roost/cluster"
import { FrameKind, partitionOfName, PeerAddress } from "@roost/contracts"
import type { FrontDropReason, FrontHalf, FrontOutcome, Peer } from "@roost/dtls"
import type { FlightRecorder } from "@roost/flight-recorder"
import type { DatagramForwarder } from "./DatagramForwarder.ts"
import type { Drops } from "./Drops.ts"
import type { EdgeCounters } from "./EdgeCounters.ts"
import { recordDatagram, recordFront } from "./EdgeRecording.ts"
import type { FrameOutbox } from "./FrameOutbox.ts"
import type { HandedOffHandshakes } from "./HandedOffHandshakes.ts"
import type { HandshakeRates } from "./HandshakeRates.ts"
import { isOfLastFlight } from "./LastFlight.ts"
import type { SessionSearches } from "./SessionSearches.ts"
import type { Strays } from "./Strays.ts"

export interface HandshakeParts {
  readonly counters: EdgeCounters
  readonly drops: Drops
  readonly forwarder: DatagramForwarder
  readonly front: FrontHalf
  readonly handedOff: HandedOffHandshakes
  readonly outbox: FrameOutbox
  readonly placement: PlacementMap
  readonly rates: HandshakeRates
  readonly recorder: FlightRecorder
  readonly searches: SessionSearches
  readonly strays: Strays
  readonly send: (peer: PeerAddress, datagram: Uint8Array) => void
}

/**
 * The edge's part of handshakes. The front half answers hellos. A key exchange goes to the owner of the device that it names. A
 * session id is looked for among all nodes, and the full handshake goes on where none has it.
 */
export class EdgeHandshakes {
  readonly #parts: HandshakeParts
  #drains = false

  constructor(parts: HandshakeParts) {
    this.#parts = parts
  }

  handleDatagram(now: number, peer: PeerAddress, datagram: Uint8Array): void {
    const { counters, drops, forwarder, front, recorder, strays } = this.#parts
    counters.handshakeDatagrams++
    if (drops.dropsTooLarge(now, peer, datagram)) return
    const outcome = front.handleDatagram(now, frontPeer(peer), datagram, this.#mayBegin)
    if (recorder.active) recordFront(recorder, now, peer, datagram, outcome)
    switch (outcome._tag) {
      case "Reply":
        if (outcome.refused !== undefined) drops.helloRefused(now, peer, outcome.refused)
        return this.#reply(now, peer, outcome)
      case "HandOff":
        return this.#handOff(now, peer, outcome, datagram)
      case "Resume":
        return this.#search(now, peer, outcome.hello)
      case "Forward":
        strays.tell(now, peer, datagram)
        return forwarder.byAddress(now, peer, datagram, true)
      case "Kept":
        strays.tell(now, peer, datagram)
        // It may be the repeated last flight of a handshake before, whose ClientHello came a second time.
        if (forwarder.knows(peer.key)) forwarder.byAddress(now, peer, datagram, true)
        return
      case "Dropped":
        if (unexpected.has(outcome.reason)) strays.tell(now, peer, datagram)
        return drops.drop(now, peer, this.#drains && outcome.reason === "HandshakeRate" ? "Drains" : outcome.reason)
    }
  }

  /**
   * A datagram that another edge heard, and that is no hello: nothing begins by it. The owner answers by this edge, which has to hear with
   * the answer that the handshake is over. An old half must not be part of the peer's next one. False if it is of no handshake from here.
   */
  takeStray(now: number, peer: PeerAddress, datagram: Uint8Array): boolean {
    const { forwarder, front, recorder } = this.#parts
    if (!isOfLastFlight(datagram)) return false
    const outcome = front.handleDatagram(now, frontPeer(peer), datagram, admitNobody)
    if (recorder.active && takesStray.has(outcome._tag)) recordFront(recorder, now, peer, datagram, outcome)
    switch (outcome._tag) {
      case "HandOff":
        this.#handOff(now, peer, outcome, datagram)
        return true
      case "Forward":
        return forwarder.strayToOwners(now, peer, datagram)
      case "Kept":
        forwarder.strayToOwners(now, peer, datagram)
        return true
      default:
        return false
    }
  }

  /** The owner of the partition has a session with this peer: the handshake that was handed off there is over. */
  confirmed(peerKey: number | string, partition: number): void {
    if (this.#parts.handedOff.confirmed(peerKey, partition)) this.#parts.front.confirmed(peerKey)
  }

  /** `answered`: the hello with the owner's answer, for the next owner; empty if there is nothing to go on with. */
  resumeTaken(now: number, peer: PeerAddress, partition: number, nodeId: string, answered: Uint8Array): void {
    const { counters, front, handedOff, placement, searches } = this.#parts
    if (!searches.end(peer.key)) return
    counters.resumesTaken++
    front.resumeTaken(peer.key)
    handedOff.add(peer.key, partition)
    if (answered.length === 0) return
    const half = { kind: FrameKind.RepeatedResumeHello, peer, body: answered }
    // The node that took it may have lost the partition since.
    const isOwner = placement.ownerOf(partition) === nodeId
    handedOff.keep(now, partition, isOwner ? placement.tokenOf(partition) : undefined, half)
  }

  /** Once every node has said so there is nothing to wait for. A node that is still loading answers when it has loaded. */
  resumeUnknown(now: number, peer: PeerAddress, nodeId: string): void {
    const { placement, searches } = this.#parts
    if (searches.unknownTo(nodeId, peer.key, placement.nodes)) this.#missed(now, peer)
  }

  /** Begins no handshake any more: a client repeats its hello after a second, and another edge takes its cookie. */
  drain(): void {
    this.#drains = true
  }

  handleTimeout(now: number): void {
    const { counters, front, searches } = this.#parts
    counters.handshakesExpired += front.handleTimeout(now)
    for (let peer = searches.overdue(now); peer !== undefined; peer = searches.overdue(now)) this.#missed(now, peer)
  }

  /** When `handleTimeout` has something to do; Infinity if never. */
  get deadline(): number {
    return Math.min(this.#parts.front.deadline ?? Infinity, this.#parts.searches.deadline ?? Infinity)
  }

  readonly #mayBegin = (now: number, { key }: Peer, cookie: Uint8Array): boolean =>
    !this.#drains && this.#parts.rates.take(now, key, cookie)

  /** To the owner of the device that the key exchange names. `from`: where the device is now. */
  #handOff(now: number, from: PeerAddress, outcome: HandOff, datagram: Uint8Array): void {
    const { counters, handedOff, outbox, placement } = this.#parts
    const { half, identity, movedFrom, waitedMillis } = outcome
    const proved = movedFrom === undefined ? from : new PeerAddress(movedFrom.key)
    const partition = partitionOf(identity)
    counters.handedOff++
    counters.keyExchange.observe(waitedMillis / 1e3)
    handedOff.add(from.key, partition)
    const kept = { kind: FrameKind.RepeatedHalfHandshake, peer: proved, body: half }
    handedOff.keep(now, partition, placement.tokenOf(partition), kept, from)
    outbox.toOwner(FrameKind.HalfHandshake, partition, proved, half)
    if (proved === from) return
    handedOff.add(proved.key, partition)
    outbox.toOwner(FrameKind.Datagram, partition, from, datagram)
  }

  #search(now: number, peer: PeerAddress, hello: Uint8Array): void {
    const { counters, outbox, searches } = this.#parts
    if (searches.has(peer.key)) return
    if (!searches.takeRate(now, peer.key)) {
      counters.drop("ResumesRate")
      return this.#goOn(now, peer)
    }
    counters.resumesAsked++
    const displaced = searches.begin(now, peer)
    if (displaced !== undefined) {
      counters.drop("ResumesFull")
      this.#missed(now, displaced)
    }
    outbox.toEveryNode(FrameKind.ResumeHello, peer, hello)
  }

  /** No node has the session. */
  #missed(now: number, peer: PeerAddress): void {
    this.#parts.searches.end(peer.key)
    this.#parts.counters.resumesMissed++
    this.#goOn(now, peer)
  }

  /** With the full handshake. */
  #goOn(now: number, peer: PeerAddress): void {
    this.#reply(now, peer, this.#parts.front.resumeMissed(now, frontPeer(peer)))
  }

  #reply(now: number, peer: PeerAddress, outcome: FrontOutcome): void {
    if (outcome._tag !== "Reply") return
    const { counters, recorder, send } = this.#parts
    for (const datagram of outcome.datagrams) {
      if (recorder.active) recordDatagram(recorder, now, "out", peer, datagram)
      counters.datagramsOut++
      counters.bytesOut += datagram.length
      send(peer, datagram)
    }
  }
}

/** Reasons of the front half's drops where the client may have gone on with another edge's ServerHello. */
const unexpected: ReadonlySet<FrontDropReason> = new Set(["UnexpectedHandshake", "UnexpectedRecord"])
const takesStray: ReadonlySet<FrontOutcome["_tag"]> = new Set(["HandOff", "Kept"])
const admitNobody = () => false

type HandOff = FrontOutcome & { readonly _tag: "HandOff" }

/**
 * The partition of the device that a PSK identity names: `productKey,deviceKey` is all that comes before its second comma.
 * One that can't be read gets a partition all the same. Its handshake goes the way of every other one and fails like a
 * wrong key (F20, F21).
 */
const partitionOf = (identity: Uint8Array): number => {
  const first = identity.indexOf(comma)
  const second = first < 0 ? -1 : identity.indexOf(comma, first + 1)
  return partitionOfName(second < 0 ? identity : identity.subarray(0, second))
}

const comma = 0x2c

const frontPeer = (peer: PeerAddress): Peer => ({ key: peer.key, address: peer.bytes })
