import { FrameKind, FrameReader, type PeerAddress } from "@roost/contracts"
import { connectionIdAt, ContentType, peekRecord } from "@roost/dtls"
import type { Device } from "../device/Device.ts"
import type { HandOffs } from "../handshakes/HandOffs.ts"
import type { EdgeLink } from "../state/EdgeLink.ts"
import type { DatagramOutcome } from "../state/HeardDatagram.ts"
import type { Held } from "../state/Held.ts"
import { recordDatagram, recordHalf } from "../recording/SessionRecords.ts"
import type { Devices } from "./Devices.ts"
import type { EdgeLinks } from "./EdgeLinks.ts"
import { entryFaultText } from "./FaultTexts.ts"
import type { HandshakeRefusals } from "./HandshakeRefusals.ts"
import type { HandshakeServer } from "./HandshakeServer.ts"
import type { HostTurn } from "./HostTurn.ts"
import type { Diversion, PartitionHandover } from "./PartitionHandover.ts"
import type { Transmissions } from "./Transmissions.ts"

export interface EdgeFramesOptions {
  readonly turn: HostTurn
  readonly edges: EdgeLinks
  readonly transmissions: Transmissions
  readonly devices: Devices
  readonly handover: PartitionHandover
  readonly handOffs: HandOffs
  readonly handshakes: HandshakeServer
  readonly refusals: HandshakeRefusals
}

/** Frames from edges: each entry goes to the handshake, the device or the partition that it is for, and routes are answered. */
export class EdgeFrames {
  readonly #options: EdgeFramesOptions

  constructor(options: EdgeFramesOptions) {
    this.#options = options
  }

  /** A frame from an edge (docs/architecture.md §2). */
  handleFrame(bytes: Uint8Array): void {
    const { edges, turn } = this.#options
    const { counters } = turn
    const reader = new FrameReader(bytes)
    counters.framesIn++
    if (reader.malformed) {
      counters.framesMalformed++
      return
    }
    const edge = edges.link(reader.origin, turn.now)
    while (reader.next()) {
      this.#entry(edge, reader.kind, reader.partition, reader.peer, reader.body)
    }
    if (reader.malformed) counters.framesMalformed++
  }

  /** An entry that waited. */
  handleHeld({ body, edge, kind, partition, peer }: Held): void {
    this.#entry(edge, kind, partition, peer, body)
  }

  /** A handshake's turn, or that of what came behind it. */
  begin(held: Held): void {
    const { kind } = held
    const isHalf =
      kind === FrameKind.HalfHandshake ||
      kind === FrameKind.ForwardedHalfHandshake ||
      kind === FrameKind.RepeatedHalfHandshake
    if (!isHalf) return this.handleHeld(held)
    try {
      this.#begin(held)
    } catch (cause) {
      this.#fault(held.peer, cause)
    }
  }

  /** An exception costs its entry alone. Devices and handshakes are supervised by themselves: what is theirs does not come up to here. */
  #entry(edge: EdgeLink, kind: FrameKind, partition: number, peer: PeerAddress, body: Uint8Array): void {
    try {
      this.#route(edge, kind, partition, peer, body)
    } catch (cause) {
      this.#fault(peer, cause)
    }
  }

  #fault(peer: PeerAddress, cause: unknown): void {
    const { refusals, turn } = this.#options
    turn.counters.entryFaults++
    refusals.tellFault(turn.now, peer, undefined, entryFaultText(cause))
  }

  #begin({ body, edge, kind, partition, peer }: Held): void {
    const { devices, handover, handshakes } = this.#options
    const repeated = kind === FrameKind.RepeatedHalfHandshake
    if (isDiverted(handover.divert(edge, kind, partition, peer, body))) return
    if (this.#options.turn.recorder.active) recordHalf(this.#options.turn, peer, body)
    if (devices.partitions.get(partition)?.stage === "ready") handshakes.begin(edge, partition, peer, body, repeated)
  }

  #route(edge: EdgeLink, kind: FrameKind, partition: number, peer: PeerAddress, body: Uint8Array): void {
    const { edges, handOffs, handover, handshakes, turn } = this.#options
    switch (kind) {
      case FrameKind.Datagram:
      case FrameKind.ForwardedDatagram:
      case FrameKind.Unrouted:
        return this.#datagram(edge, kind, partition, peer, body)
      case FrameKind.HalfHandshake:
      case FrameKind.ForwardedHalfHandshake:
      case FrameKind.RepeatedHalfHandshake:
        if (handOffs.mayBegin(turn.now)) return this.#begin({ edge, kind, partition, peer, body })
        if (handOffs.wait({ edge, kind, partition, peer, body: new Uint8Array(body) })) {
          turn.counters.handshakesOverLimit++
        }
        return
      case FrameKind.ResumeHello:
        if (handshakes.resumptions.begin(edge, peer, body)) return
        if (isDiverted(handover.divert(edge, kind, partition, peer, body))) return
        return edges.add(edge, FrameKind.ResumeUnknown, 0, peer, noBytes)
      case FrameKind.RepeatedResumeHello:
        if (isDiverted(handover.divert(edge, kind, partition, peer, body))) return
        if (!handshakes.resumptions.begin(edge, peer, body, true)) turn.counters.datagramsUnrouted++
        return
    }
  }

  #datagram(edge: EdgeLink, kind: FrameKind, partition: number, peer: PeerAddress, datagram: Uint8Array): void {
    const { devices, handOffs, handover, handshakes, transmissions, turn } = this.#options
    const { counters } = turn
    const { table } = devices
    const routed = kind !== FrameKind.Unrouted
    counters.datagramsIn++
    if (turn.recorder.active) this.#record(peer, datagram)
    if (handOffs.follows({ edge, kind, partition, peer }, datagram)) return
    if (handshakes.continueHandshake(edge, peer, datagram)) return
    const ofPeer = peekRecord(datagram)?.contentType === ContentType.tls12_cid ? undefined : table.findByPeer(peer)
    // A device whose address changed repeats its last flight from there: the id is behind ChangeCipherSpec.
    const cidAt = ofPeer === undefined ? connectionIdAt(datagram) : undefined
    const hasCid = cidAt !== undefined
    const device = hasCid ? table.findByCid(datagram, cidAt) : ofPeer
    const session = device?.session
    if (device?.fault?.stub !== undefined) {
      devices.run(device, { _tag: "Hold", held: { edge, kind, partition, peer, body: new Uint8Array(datagram) } })
      return
    }
    if (device === undefined || session === undefined) {
      if (isDiverted(handover.divert(edge, kind, partition, peer, datagram))) return
      if (handshakes.continueUnread(edge, peer, datagram, routed)) return
      counters.datagramsUnrouted++
      if (routed) this.#doubt(edge, peer)
      return
    }
    // The tables are right, whoever sent the datagram: noise must not keep an edge from finding a device.
    if (!routed && hasCid) transmissions.routeById(edge, device, peer)
    if (session.restored !== undefined) {
      devices.run(device, { _tag: "Hold", held: { edge, kind, partition, peer, body: new Uint8Array(datagram) } })
      return
    }
    if (handover.isLeaving(device.partition)) {
      handover.divert(edge, kind, device.partition, peer, datagram)
      return
    }
    const outcome = devices.hear(device, edge, peer, datagram)
    // A session that is resumed counts its records anew: to the one before they look like copies.
    const goesOn = outcome !== "Alive" && handshakes.continueUnread(edge, peer, datagram, routed)
    if (goesOn && outcome === "Foreign") return
    if (!hasCid) this.#judgeRoute(edge, device, peer, routed, outcome)
  }

  /** Of the device whose connection id or address it has, or of the address. */
  #record(peer: PeerAddress, datagram: Uint8Array): void {
    const { devices, turn } = this.#options
    const cidAt = connectionIdAt(datagram)
    const device = cidAt === undefined ? devices.table.findByPeer(peer) : devices.table.findByCid(datagram, cidAt)
    recordDatagram(turn, device, "in", peer, datagram)
  }

  /** A verified record sets the address's route, one that did not verify at most fills a gap. */
  #judgeRoute(edge: EdgeLink, device: Device, peer: PeerAddress, routed: boolean, outcome: DatagramOutcome): void {
    if (routed) {
      if (outcome === "Foreign") this.#doubt(edge, peer)
      return
    }
    const kind = outcome === "Alive" ? FrameKind.Route : FrameKind.Claim
    this.#options.edges.add(edge, kind, device.partition, peer, noBytes)
  }

  /**
   * The edge believed that what comes from there is for here. It may be another node's device by now, or anybody's forgery:
   * the edge keeps its route, and asks every node about what comes next.
   */
  #doubt(edge: EdgeLink, peer: PeerAddress): void {
    this.#options.edges.add(edge, FrameKind.Doubt, 0, peer, noBytes)
  }
}

/** Somebody goes on with it, or nobody: `Homeless` entries are looked at like those of no partition. */
const isDiverted = (diversion: Diversion): boolean => diversion !== "Served" && diversion !== "Homeless"

const noBytes = new Uint8Array(0)
