import type { PlacementMap } from "@roost/cluster"
import { FrameKind, FrameReader, type PeerAddress, type StrangerEvent } from "@roost/contracts"
import { ContentType, type FrontHalf, peekRecord, serverCidBytes } from "@roost/dtls"
import { FlightRecorder } from "@roost/flight-recorder"
import { DatagramForwarder } from "./DatagramForwarder.ts"
import { DeviceRoutes } from "./DeviceRoutes.ts"
import { Drops } from "./Drops.ts"
import { EdgeCounters } from "./EdgeCounters.ts"
import { EdgeHandshakes } from "./EdgeHandshakes.ts"
import type { EdgeLimits } from "./EdgeLimits.ts"
import { EveryNodeQuestions } from "./EveryNodeQuestions.ts"
import { FrameOutbox, type Publish } from "./FrameOutbox.ts"
import { HandedOffHandshakes } from "./HandedOffHandshakes.ts"
import { HandshakeRates } from "./HandshakeRates.ts"
import { SessionSearches } from "./SessionSearches.ts"
import { Strays } from "./Strays.ts"

/** Where the edge's output goes. */
export interface EdgePorts {
  send(peer: PeerAddress, datagram: Uint8Array): void
  readonly publish: Publish
  /** For operators: what was refused of somebody who named no device that is known here. */
  tell(event: StrangerEvent): void
}

/**
 * The doorman: answers ClientHellos with the front half of DTLS, routes everything else to the actor that owns the
 * device. Plain and synchronous; its tables are caches with bounds, so any edge may be killed or restarted at any time.
 *
 *   type 25            by connection id ─┐
 *   epoch ≥ 1          by address        ├─► DatagramForwarder: owner of the partition, else every node (Unrouted)
 *   epoch 0 handshake  EdgeHandshakes ───┘   ClientKeyExchange read: HalfHandshake to the owner
 *
 * `now` is in milliseconds since 1970 and never runs backwards.
 */
export class EdgeCore {
  readonly counters = new EdgeCounters()
  readonly #ports: EdgePorts
  readonly #front: FrontHalf
  readonly #drops: Drops
  readonly #routes: DeviceRoutes
  readonly #handedOff: HandedOffHandshakes
  readonly #searches: SessionSearches
  readonly #edgeId: string
  readonly #outbox: FrameOutbox
  readonly #strays: Strays
  readonly #forwarder: DatagramForwarder
  readonly #handshakes: EdgeHandshakes
  readonly #turnMillis: number
  #turnedAt: number

  constructor(options: {
    readonly edgeId: string
    readonly limits: EdgeLimits
    readonly front: FrontHalf
    readonly placement: PlacementMap
    readonly ports: EdgePorts
    readonly now: number
    /** Without one nothing is ever recorded. */
    readonly recorder?: FlightRecorder
  }) {
    const { edgeId, front, limits, now, placement, ports } = options
    const { counters } = this
    const recorder = options.recorder ?? new FlightRecorder({ process: edgeId, wallOf: (at) => at, publish: () => {} })
    const drops = new Drops({ edgeId, now, counters, recorder, strangerBytesMax: limits.strangerBytesMax })
    const handedOff = new HandedOffHandshakes(limits)
    const routes = new DeviceRoutes(limits)
    const searches = new SessionSearches(now, limits)
    const outbox = new FrameOutbox(edgeId, placement, ports.publish, counters)
    const shared = { counters, drops, handedOff, outbox, placement }
    const strays = new Strays({ now, limits, counters, handedOff, outbox })
    const forwarder = new DatagramForwarder({ ...shared, routes, questions: new EveryNodeQuestions(now, limits) })
    this.#handshakes = new EdgeHandshakes({
      ...shared,
      forwarder,
      front,
      recorder,
      searches,
      strays,
      rates: new HandshakeRates(limits),
      send: (peer, datagram) => ports.send(peer, datagram)
    })
    this.#edgeId = edgeId
    this.#ports = ports
    this.#front = front
    this.#drops = drops
    this.#routes = routes
    this.#handedOff = handedOff
    this.#searches = searches
    this.#outbox = outbox
    this.#strays = strays
    this.#forwarder = forwarder
    this.#turnMillis = limits.handedOffMillis
    this.#turnedAt = now
  }

  get gauges(): Readonly<Record<"routesByCid" | "routesByPeer" | "handedOff" | "handshakes" | "resumes", number>> {
    return {
      routesByCid: this.#routes.cids,
      routesByPeer: this.#routes.peers,
      handedOff: this.#handedOff.size,
      handshakes: this.#front.size,
      resumes: this.#searches.size
    }
  }

  /** A datagram from the socket; it is copied where it is kept. */
  handleDatagram(now: number, peer: PeerAddress, datagram: Uint8Array): void {
    this.counters.datagramsIn++
    this.counters.bytesIn += datagram.length
    this.#outbox.now = now
    const first = peekRecord(datagram)
    if (first === undefined)
      return datagram.length <= keepAliveBytesMax
        ? this.#drops.drop(now, peer, "KeepAlive")
        : this.#drops.dropNotDtls(now, peer, datagram)
    const { contentType, epoch } = first
    if (contentType === ContentType.tls12_cid) return this.#byConnectionId(now, peer, datagram, first.cidOffset)
    const ofHandshake = contentType === ContentType.handshake || contentType === ContentType.change_cipher_spec
    if (epoch === 0 && !ofHandshake) return this.#drops.drop(now, peer, "Unprotected")
    if (ofHandshake && (epoch === 0 || this.#front.isHandshaking(peer.key))) {
      return this.#handshakes.handleDatagram(now, peer, datagram)
    }
    if (ofHandshake) this.#strays.tell(now, peer, datagram)
    this.#forwarder.byAddress(now, peer, datagram, ofHandshake)
  }

  /** A frame from session-actors (docs/architecture.md §2). */
  handleFrame(now: number, bytes: Uint8Array): void {
    this.counters.framesIn++
    this.#outbox.now = now
    const reader = new FrameReader(bytes)
    while (reader.next()) {
      const { body, kind, partition, peer } = reader
      switch (kind) {
        case FrameKind.Send:
          this.counters.datagramsOut++
          this.counters.bytesOut += body.length
          this.#ports.send(peer, body)
          this.counters.answered(now, partition)
          break
        case FrameKind.Route:
          this.#routes.setPeer(peer.key, partition)
          this.#routes.setConnectionId(body, partition)
          this.#handshakes.confirmed(peer.key, partition)
          break
        case FrameKind.RouteById:
          this.#routes.setConnectionId(body, partition)
          break
        case FrameKind.Claim:
          this.#routes.claimPeer(peer.key, partition)
          break
        case FrameKind.Doubt:
          this.#routes.doubt(peer.key)
          break
        case FrameKind.ResumeTaken:
          this.#handshakes.resumeTaken(now, peer, partition, reader.origin, body)
          break
        case FrameKind.ResumeUnknown:
          this.#handshakes.resumeUnknown(now, peer, reader.origin)
          break
        default:
          this.counters.framesMalformed++
      }
    }
    if (reader.malformed) this.counters.framesMalformed++
  }

  /**
   * A frame of another edge: datagrams of handshakes whose half may be here. A datagram that is taken goes on, and never to another
   * edge. False if none is.
   */
  handleStrays(now: number, bytes: Uint8Array): boolean {
    const reader = new FrameReader(bytes)
    // The bus gives an edge its own frames, too.
    if (reader.origin === this.#edgeId) return false
    this.#outbox.now = now
    let taken = 0
    while (reader.next()) {
      if (reader.kind !== FrameKind.Stray) this.counters.framesMalformed++
      else if (this.#handshakes.takeStray(now, reader.peer, reader.body)) taken++
    }
    if (reader.malformed) this.counters.framesMalformed++
    this.counters.straysTaken += taken
    return taken > 0
  }

  /** Ends what waited too long. Call it several times a second. */
  handleTimeout(now: number): void {
    this.#handshakes.handleTimeout(now)
    this.#drops.flush(now, (event) => this.#ports.tell(event))
    if (now - this.#turnedAt < this.#turnMillis) return
    this.#turnedAt = now
    this.#handedOff.turn(now)
    this.#outbox.reset()
  }

  /** For how long `handleTimeout` has nothing to do if nothing else is called; `most` if that is longer. */
  quietMillis(now: number, most: number): number {
    const first = Math.min(this.#handshakes.deadline, this.#turnedAt + this.#turnMillis)
    return Math.max(0, Math.min(this.#drops.quietMillis(now, most), first - now))
  }

  /** Begins no handshake any more. Those that it has go on: no other edge has their halves. */
  drain(): void {
    this.#handshakes.drain()
  }

  /** Sends the frames collected since the last flush: one per node. False if there were none. */
  flush(): boolean {
    return this.#outbox.flush()
  }

  #byConnectionId(now: number, peer: PeerAddress, datagram: Uint8Array, cidOffset: number): void {
    if (datagram.length < cidOffset + serverCidBytes) return this.#drops.dropNotDtls(now, peer, datagram)
    if (this.#forwarder.byConnectionId(peer, datagram, cidOffset)) return
    if (this.#front.hasConnectionId(datagram, cidOffset)) return this.#handshakes.handleDatagram(now, peer, datagram)
    this.#strays.tell(now, peer, datagram)
    this.#forwarder.byUnknownConnectionId(now, peer, datagram, cidOffset)
  }
}

/** Keep-alives that devices send for their NAT: of no concern to anybody. */
const keepAliveBytesMax = 1
