import { FrameKind, FrameReader, type PeerAddress } from "@roost/contracts"
import { connectionIdAt, ContentType, peekRecord } from "@roost/dtls"
import type { Associations, DatagramEffect } from "../device/Associations.ts"
import type { Counters } from "../state/Counters.ts"
import type { DeviceActor } from "../state/DeviceActor.ts"
import type { EdgeLinks } from "./EdgeLinks.ts"
import type { HandOffs } from "../handshakes/HandOffs.ts"
import type { HandshakeServer } from "../handshakes/HandshakeServer.ts"
import type { Lifetimes } from "../device/Lifetimes.ts"
import type { Ownership } from "./Ownership.ts"
import type { SessionTable } from "./SessionTable.ts"
import type { Shares } from "./Shares.ts"
import type { Takeover } from "../device/Takeover.ts"
import type { DeviceSession } from "../state/DeviceSession.ts"
import type { EdgeLink } from "../state/EdgeLink.ts"
import type { Held } from "../state/Held.ts"

export interface EdgeFramesOptions {
  readonly counters: Counters
  readonly edges: EdgeLinks
  readonly table: SessionTable
  readonly shares: Shares
  readonly ownership: Ownership
  readonly handOffs: HandOffs
  readonly handshakes: HandshakeServer
  readonly takeover: Takeover
  readonly associations: Associations
  readonly lifetimes: Lifetimes
}

/** Frames from edges: each entry goes to the handshake, the session or the partition that it is for, and routes are answered. */
export class EdgeFrames {
  readonly #options: EdgeFramesOptions

  constructor(options: EdgeFramesOptions) {
    this.#options = options
  }

  /** A frame from an edge (docs/architecture.md §2). */
  handleFrame(now: number, bytes: Uint8Array): void {
    const { counters, edges } = this.#options
    const reader = new FrameReader(bytes)
    counters.framesIn++
    if (reader.malformed) {
      counters.framesMalformed++
      return
    }
    const edge = edges.link(reader.origin, now)
    while (reader.next()) {
      this.#entry(now, edge, reader.kind, reader.partition, reader.peer, reader.body)
    }
    if (reader.malformed) counters.framesMalformed++
  }

  /** An entry that waited. */
  handleHeld(now: number, { body, edge, kind, partition, peer }: Held): void {
    this.#entry(now, edge, kind, partition, peer, body)
  }

  /** A handshake's turn, or that of what came behind it. */
  begin(now: number, held: Held): void {
    const { handshakes, ownership, shares } = this.#options
    const { body, edge, kind, partition, peer } = held
    const repeated = kind === FrameKind.RepeatedHalfHandshake
    if (kind !== FrameKind.HalfHandshake && kind !== FrameKind.ForwardedHalfHandshake && !repeated) {
      return this.handleHeld(now, held)
    }
    if (ownership.take(now, edge, kind, partition, peer, body)) return
    if (shares.get(partition)?.stage === "ready") {
      handshakes.begin(now, edge, partition, peer, body, repeated)
    }
  }

  /** The session is as it came from the store: what came for it waits until it may be used. */
  hold(actor: DeviceActor, session: DeviceSession, held: Held): void {
    const { counters, takeover } = this.#options
    const { restored } = session
    if (restored === undefined || !takeover.hold(actor, session, restored, held)) counters.heldDropped++
  }

  #entry(now: number, edge: EdgeLink, kind: FrameKind, partition: number, peer: PeerAddress, body: Uint8Array): void {
    const { counters, edges, handOffs, handshakes, ownership } = this.#options
    switch (kind) {
      case FrameKind.Datagram:
      case FrameKind.ForwardedDatagram:
      case FrameKind.Unrouted:
        return this.#datagram(now, edge, kind, partition, peer, body)
      case FrameKind.HalfHandshake:
      case FrameKind.ForwardedHalfHandshake:
      case FrameKind.RepeatedHalfHandshake:
        if (handOffs.mayBegin(now)) return this.begin(now, { edge, kind, partition, peer, body })
        if (handOffs.wait({ edge, kind, partition, peer, body: new Uint8Array(body) })) {
          counters.handshakesOverLimit++
        }
        return
      case FrameKind.ResumeHello:
        if (handshakes.resumptions.begin(now, edge, peer, body)) return
        if (ownership.take(now, edge, kind, partition, peer, body)) return
        return edges.add(edge, FrameKind.ResumeUnknown, 0, peer, noBytes)
      case FrameKind.RepeatedResumeHello:
        if (ownership.take(now, edge, kind, partition, peer, body)) return
        if (!handshakes.resumptions.begin(now, edge, peer, body, true)) counters.datagramsUnrouted++
        return
    }
  }

  #datagram(
    now: number,
    edge: EdgeLink,
    kind: FrameKind,
    partition: number,
    peer: PeerAddress,
    datagram: Uint8Array
  ): void {
    const { associations, counters, handOffs, handshakes, lifetimes, ownership, table } = this.#options
    const routed = kind !== FrameKind.Unrouted
    counters.datagramsIn++
    if (handOffs.follows({ edge, kind, partition, peer }, datagram)) return
    if (handshakes.continueHandshake(now, edge, peer, datagram)) return
    const ofPeer = peekRecord(datagram)?.contentType === ContentType.tls12_cid ? undefined : table.findByPeer(peer)
    // A device whose address changed repeats its last flight from there: the id is behind ChangeCipherSpec.
    const cidAt = ofPeer === undefined ? connectionIdAt(datagram) : undefined
    const hasCid = cidAt !== undefined
    const actor = hasCid ? table.findByCid(datagram, cidAt) : ofPeer
    const session = actor?.session
    if (actor === undefined || session === undefined) {
      if (ownership.take(now, edge, kind, partition, peer, datagram)) return
      if (handshakes.continueUnread(now, peer, datagram)) return
      counters.datagramsUnrouted++
      if (routed) this.#doubt(edge, peer)
      return
    }
    // What the tables say is true, whoever sent the datagram: noise must not keep an edge from finding a device.
    if (!routed && hasCid) associations.announceId(edge, actor, peer)
    if (session.restored !== undefined) {
      this.hold(actor, session, { edge, kind, partition, peer, body: new Uint8Array(datagram) })
      return
    }
    if (ownership.isLeaving(actor.partition)) {
      ownership.take(now, edge, kind, actor.partition, peer, datagram)
      return
    }
    const effect = associations.open(now, edge, peer, actor, session, datagram)
    if (effect === "Foreign" && handshakes.continueUnread(now, peer, datagram)) return
    if (!hasCid) this.#judgeRoute(edge, actor, peer, routed, effect)
    if (effect !== "Alive" || actor.session !== session) return
    lifetimes.refresh(now, actor, session)
  }

  /** A verified record sets the address's route, one that did not verify at most fills a gap. */
  #judgeRoute(edge: EdgeLink, actor: DeviceActor, peer: PeerAddress, routed: boolean, effect: DatagramEffect): void {
    if (routed) {
      if (effect === "Foreign") this.#doubt(edge, peer)
      return
    }
    const kind = effect === "Alive" ? FrameKind.Route : FrameKind.Claim
    this.#options.edges.add(edge, kind, actor.partition, peer, noBytes)
  }

  /**
   * The edge believed that what comes from there is for here. It may be another node's device by now, or anybody's forgery:
   * the edge keeps its route, and asks every node about what comes next.
   */
  #doubt(edge: EdgeLink, peer: PeerAddress): void {
    this.#options.edges.add(edge, FrameKind.Doubt, 0, peer, noBytes)
  }
}

const noBytes = new Uint8Array(0)
