import { type Allowance, allowance, Allowances, BoundedMap, FairMap, sourceOf, take } from "@roost/bounded"
import type { PlacementMap } from "@roost/cluster"
import { FrameKind, FrameReader, partitionOfName, PeerAddress, type StrangerEvent } from "@roost/contracts"
import { ContentType, type FrontHalf, type FrontOutcome, type Peer, peekRecord, serverCidBytes } from "@roost/dtls"
import { FlightRecorder } from "@roost/flight-recorder"
import { StrangerReports } from "@roost/strangers"
import { type DropReason, EdgeCounters } from "./EdgeCounters.ts"
import type { EdgeLimits } from "./EdgeLimits.ts"
import { edgeRefusals, helloRefusal, notDtlsRefusal } from "./EdgeRefusals.ts"
import { recordDatagram, recordDrop, recordFront } from "./EdgeRecording.ts"
import { FrameOutbox, type Publish } from "./FrameOutbox.ts"
import { GenerationMap } from "./GenerationMap.ts"
import { HandedOffHalves } from "./HandedOffHalves.ts"
import { HandedOffPeers, none, only } from "./HandedOffPeers.ts"

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
 *   epoch ≥ 1          by address        ├─► owner of the partition, else every node (Unrouted)
 *   epoch 0 handshake  FrontHalf ────────┘ ClientKeyExchange read: HalfHandshake to the owner
 *
 * `now` is in milliseconds since 1970 and never runs backwards.
 */
export class EdgeCore {
  readonly counters = new EdgeCounters()
  readonly #limits: EdgeLimits
  readonly #front: FrontHalf
  readonly #placement: PlacementMap
  readonly #ports: EdgePorts
  readonly #outbox: FrameOutbox
  readonly #byCid: GenerationMap<number, number>
  readonly #byPeer: GenerationMap<number | string, number>
  readonly #handedOff: HandedOffPeers
  readonly #halves: HandedOffHalves
  /** Addresses whose owner could verify nothing of what came last: a stranger's forgery, or another device is there now. */
  readonly #doubted: BoundedMap<number | string, true>
  /** In the order of their deadlines, since all wait equally long. */
  readonly #resumes: FairMap<
    number | string,
    { readonly peer: PeerAddress; readonly deadline: number; unknown: Array<string> }
  >
  readonly #resumeRates: Allowances<number | string>
  readonly #resumeRate: Allowance
  readonly #handshakeRates: Allowances<number | string>
  /** By address: of hellos whose cookie was seen before. */
  readonly #repeatRates: Allowances<number | string>
  readonly #cookiesSeen: BoundedMap<string, true>
  readonly #sourceRates: Allowances<number | string>
  /** When each peer and each connection id was last asked about. */
  readonly #askedAt: GenerationMap<number | string, number>
  readonly #unroutedRates: Allowances<number | string>
  readonly #unroutedRate: Allowance
  readonly #strangers: StrangerReports
  readonly #recorder: FlightRecorder
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
    const { limits, now } = options
    this.#limits = limits
    this.#outbox = new FrameOutbox(options.edgeId, options.ports.publish, this.counters)
    this.#front = options.front
    this.#placement = options.placement
    this.#ports = options.ports
    this.#byCid = new GenerationMap(limits.routesMax)
    this.#byPeer = new GenerationMap(limits.routesMax)
    this.#handedOff = new HandedOffPeers(limits.handedOffMax, limits.ownersPerPeerMax)
    this.#halves = new HandedOffHalves({ ...limits, millisMax: limits.handedOffMillis })
    const rates = (perSecond: number, burst: number) =>
      new Allowances<number | string>({ perSecond, burst, max: limits.ratesMax })
    this.#handshakeRates = rates(limits.handshakesPerSecondMax, limits.handshakesBurstMax)
    this.#repeatRates = rates(limits.handshakesPerSecondMax, limits.handshakesBurstMax)
    this.#cookiesSeen = new BoundedMap(limits.ratesMax)
    this.#sourceRates = rates(limits.handshakesPerSourceSecondMax, limits.handshakesPerSourceBurstMax)
    this.#resumes = new FairMap(limits.resumesMax)
    this.#resumeRates = rates(limits.resumesPerSourceSecondMax, limits.resumesPerSourceBurstMax)
    this.#resumeRate = allowance(now, limits.resumesPerSecondMax)
    this.#unroutedRates = rates(limits.unroutedPerSourceSecondMax, limits.unroutedPerSourceBurstMax)
    this.#doubted = new BoundedMap(limits.unroutedPeersMax)
    this.#askedAt = new GenerationMap(limits.unroutedPeersMax)
    this.#unroutedRate = allowance(now, limits.unroutedPerSecondMax)
    this.#strangers = new StrangerReports(options.edgeId, now)
    this.#turnedAt = now
    this.#recorder =
      options.recorder ?? new FlightRecorder({ process: options.edgeId, wallOf: (at) => at, publish: () => {} })
  }

  get gauges(): Readonly<Record<"routesByCid" | "routesByPeer" | "handedOff" | "handshakes" | "resumes", number>> {
    return {
      routesByCid: this.#byCid.size,
      routesByPeer: this.#byPeer.size,
      handedOff: this.#handedOff.size,
      handshakes: this.#front.size,
      resumes: this.#resumes.size
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
        ? this.#drop(now, peer, "KeepAlive")
        : this.#dropNotDtls(now, peer, datagram)
    const { contentType, epoch } = first
    if (contentType === ContentType.tls12_cid) return this.#byConnectionId(now, peer, datagram, first.cidOffset)
    const ofHandshake = contentType === ContentType.handshake || contentType === ContentType.change_cipher_spec
    if (epoch === 0 && !ofHandshake) return this.#drop(now, peer, "Unprotected")
    if (ofHandshake && (epoch === 0 || this.#front.isHandshaking(peer.key))) {
      return this.#handshake(now, peer, datagram)
    }
    this.#byAddress(now, peer, datagram, ofHandshake)
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
          this.#byPeer.set(peer.key, partition)
          this.#doubted.delete(peer.key)
          this.#routeById(body, partition)
          // The handshake that was handed off is over, unless another device's session moved to its address meanwhile.
          if (this.#handedOff.of(peer.key).includes(partition)) this.#confirmed(peer)
          break
        case FrameKind.RouteById:
          this.#routeById(body, partition)
          break
        case FrameKind.Claim:
          if (!this.#byPeer.has(peer.key)) this.#byPeer.set(peer.key, partition)
          break
        case FrameKind.Doubt:
          this.#doubted.set(peer.key, true)
          break
        case FrameKind.ResumeTaken:
          this.#resumeTaken(now, peer, partition, reader.origin, body)
          break
        case FrameKind.ResumeUnknown:
          this.#resumeUnknown(now, peer, reader.origin)
          break
        default:
          this.counters.framesMalformed++
      }
    }
    if (reader.malformed) this.counters.framesMalformed++
  }

  /** Ends what waited too long. Call it several times a second. */
  handleTimeout(now: number): void {
    this.counters.handshakesExpired += this.#front.handleTimeout(now)
    for (let oldest = this.#resumes.oldest(); oldest !== undefined && oldest[1].deadline <= now;) {
      this.#resumeMissed(now, oldest[1].peer)
      oldest = this.#resumes.oldest()
    }
    this.#strangers.flush(now, (event) => this.#ports.tell(event))
    if (now - this.#turnedAt < this.#limits.handedOffMillis) return
    this.#turnedAt = now
    this.#handedOff.turn()
    this.#halves.expire(now)
    this.#outbox.reset()
  }

  /** For how long `handleTimeout` has nothing to do if nothing else is called; `most` if that is longer. */
  quietMillis(now: number, most: number): number {
    const resume = this.#resumes.oldest()?.[1].deadline ?? Infinity
    const first = Math.min(this.#front.deadline ?? Infinity, resume, this.#turnedAt + this.#limits.handedOffMillis)
    return Math.max(0, Math.min(this.#strangers.quietMillis(now, most), first - now))
  }

  /** Sends the frames collected since the last flush: one per node. False if there were none. */
  flush(): boolean {
    return this.#outbox.flush()
  }

  #byConnectionId(now: number, peer: PeerAddress, datagram: Uint8Array, cidOffset: number): void {
    if (datagram.length < cidOffset + serverCidBytes) return this.#dropNotDtls(now, peer, datagram)
    const route = this.#byCid.get(cidKey(datagram, cidOffset))
    if (route !== undefined && (route & cidRestMask) === cidRest(datagram, cidOffset)) {
      this.counters.routedByCid++
      return this.#toOwner(route >>> cidRestBits, peer, FrameKind.Datagram, datagram)
    }
    if (this.#front.hasConnectionId(datagram, cidOffset)) return this.#handshake(now, peer, datagram)
    if (this.#isTooLarge(now, peer, datagram)) return
    this.#byBelief(now, this.#handedOff.of(peer.key), peer, datagram, askedCid(datagram, cidOffset))
  }

  #byAddress(now: number, peer: PeerAddress, datagram: Uint8Array, ofHandshake: boolean): void {
    const handedOff = this.#handedOff.of(peer.key)
    const routed = this.#byPeer.get(peer.key)
    if (routed === undefined && this.#isTooLarge(now, peer, datagram)) return
    // RFC 6347 §4.2.8: while a new handshake runs, data on the same address still belongs to the old session (D19).
    const first = ofHandshake ? handedOff : none
    const partitions = first.length > 0 ? first : routed === undefined ? handedOff : only(routed)
    this.#byBelief(now, partitions, peer, datagram, peer.key)
  }

  /** By address. A route that is in doubt is kept, since what raised the doubt may be a forgery; every node is asked, too. */
  #byBelief(
    now: number,
    partitions: ReadonlyArray<number>,
    peer: PeerAddress,
    datagram: Uint8Array,
    asked: number | string
  ): void {
    if (partitions.length === 0) {
      const refused = this.#refusesToAsk(now, peer, asked)
      if (refused !== undefined) return this.#drop(now, peer, refused)
      return this.#toEveryNode(peer, datagram)
    }
    // First of all: an owner that knows nothing of the handshake has told the edge to doubt the address.
    for (const partition of partitions) this.#halfToOwner(now, partition, peer)
    if (this.#doubted.has(peer.key) && this.#refusesToAsk(now, peer, asked) === undefined) {
      this.#doubted.delete(peer.key)
      return this.#toEveryNode(peer, datagram)
    }
    this.counters.routedByAddress++
    for (const partition of partitions) this.#toOwner(partition, peer, FrameKind.Datagram, datagram)
  }

  /** A verified Finished ends everything that was begun from there: what else is there is a copy's, or a forgery. */
  #confirmed(peer: PeerAddress): void {
    for (const partition of this.#handedOff.of(peer.key)) this.#halves.confirmed(peer.key, partition)
    this.#handedOff.delete(peer.key)
    this.#front.confirmed(peer.key)
  }

  /** A handshake that its owner does not have, whatever became of the half, goes on with the device's retransmission. */
  #halfToOwner(now: number, partition: number, peer: PeerAddress): void {
    if (this.#halves.size === 0 || !this.#handedOff.of(peer.key).includes(partition)) return
    for (const half of this.#halves.forOwner(now, peer.key, partition, this.#placement.tokenOf(partition))) {
      this.#toOwner(partition, half.peer, half.kind, half.body)
    }
  }

  #routeById(cid: Uint8Array, partition: number): void {
    if (cid.length === serverCidBytes) this.#byCid.set(cidKey(cid, 0), (partition << cidRestBits) | cidRest(cid, 0))
  }

  #handshake(now: number, peer: PeerAddress, datagram: Uint8Array): void {
    this.counters.handshakeDatagrams++
    if (this.#isTooLarge(now, peer, datagram)) return
    const outcome = this.#front.handleDatagram(now, peerOf(peer), datagram, this.#mayBegin)
    if (this.#recorder.active) recordFront(this.#recorder, now, peer, datagram, outcome)
    switch (outcome._tag) {
      case "Reply":
        if (outcome.refused !== undefined) this.#strangers.refused(now, { peer, ...helloRefusal(outcome.refused) })
        return this.#reply(now, peer, outcome)
      case "HandOff": {
        const proved = outcome.movedFrom === undefined ? peer : new PeerAddress(outcome.movedFrom.key)
        const partition = this.#handOff(now, proved, outcome, peer)
        if (proved === peer) return
        this.#handedOff.add(proved.key, partition)
        return this.#toOwner(partition, peer, FrameKind.Datagram, datagram)
      }
      case "Resume":
        return this.#askForSession(now, peer, outcome.hello)
      case "Forward":
        return this.#byAddress(now, peer, datagram, true)
      case "Kept":
        // It may be the repeated last flight of a handshake before, whose ClientHello came a second time.
        if (this.#handedOff.has(peer.key) || this.#byPeer.has(peer.key)) this.#byAddress(now, peer, datagram, true)
        return
      case "Dropped":
        return this.#drop(now, peer, outcome.reason)
    }
  }

  /** To the owner of the device that the key exchange names; its partition. */
  #handOff(now: number, proved: PeerAddress, { half, identity, waitedMillis }: HandOff, from: PeerAddress): number {
    const partition = partitionOf(identity)
    this.counters.handedOff++
    this.counters.keyExchange.observe(waitedMillis / 1e3)
    this.#handedOff.add(from.key, partition)
    const kept = { kind: FrameKind.RepeatedHalfHandshake, peer: proved, body: half }
    this.#halves.keep(now, partition, this.#placement.tokenOf(partition), kept, from)
    this.#toOwner(partition, proved, FrameKind.HalfHandshake, half)
    return partition
  }

  /**
   * Rates of who proved its address: who forges one uses up nobody's. Whoever saw a cookie can copy it, so a cookie that comes again
   * takes from another rate of the address than a new one.
   */
  readonly #mayBegin = (now: number, { key }: Peer, cookie: Uint8Array): boolean => {
    const packed = Buffer.from(cookie.buffer, cookie.byteOffset, cookie.length).toString("latin1")
    const rates = this.#cookiesSeen.has(packed) ? this.#repeatRates : this.#handshakeRates
    if (!rates.take(now, key) || !this.#sourceRates.take(now, sourceOf(key))) return false
    this.#cookiesSeen.set(packed, true)
    return true
  }

  /** Counted in any case, and told to operators unless it happens to any device at times. */
  #drop(now: number, peer: PeerAddress, reason: DropReason): void {
    this.counters.drop(reason)
    const refusal = edgeRefusals[reason]
    if (this.#recorder.active) recordDrop(this.#recorder, now, peer, reason, refusal?.code)
    if (refusal !== undefined) this.#strangers.refused(now, { peer, ...refusal })
  }

  #dropNotDtls(now: number, peer: PeerAddress, datagram: Uint8Array): void {
    this.counters.drop("NotDtls")
    const refusal = notDtlsRefusal(datagram)
    if (this.#recorder.active) {
      recordDatagram(this.#recorder, now, "in", peer, datagram)
      recordDrop(this.#recorder, now, peer, "NotDtls", refusal.code)
    }
    this.#strangers.refused(now, { peer, ...refusal })
  }

  /** Nothing that Roost serves needs so much of a peer that has no session here (RFC 6347 §4.1.1, RFC 7925 §13). */
  #isTooLarge(now: number, peer: PeerAddress, datagram: Uint8Array): boolean {
    if (datagram.length <= this.#limits.strangerBytesMax) return false
    this.#drop(now, peer, "StrangerTooLarge")
    return true
  }

  #reply(now: number, peer: PeerAddress, outcome: ReturnType<FrontHalf["resumeMissed"]>): void {
    if (outcome._tag !== "Reply") return
    for (const datagram of outcome.datagrams) {
      if (this.#recorder.active) recordDatagram(this.#recorder, now, "out", peer, datagram)
      this.counters.datagramsOut++
      this.counters.bytesOut += datagram.length
      this.#ports.send(peer, datagram)
    }
  }

  #askForSession(now: number, peer: PeerAddress, hello: Uint8Array): void {
    const name = peer.key
    if (this.#resumes.has(name)) return
    const { resumesPerSecondMax, resumeWaitMillis } = this.#limits
    const source = sourceOf(name)
    if (
      !this.#resumeRates.take(now, source) ||
      !take(this.#resumeRate, now, resumesPerSecondMax, resumesPerSecondMax)
    ) {
      this.counters.drop("ResumesRate")
      return this.#reply(now, peer, this.#front.resumeMissed(now, peerOf(peer)))
    }
    this.counters.resumesAsked++
    const displaced = this.#resumes.set(source, name, { peer, deadline: now + resumeWaitMillis, unknown: [] })
    if (displaced !== undefined) {
      this.counters.drop("ResumesFull")
      this.#resumeMissed(now, displaced[1].peer)
    }
    this.#outbox.toEveryNode(FrameKind.ResumeHello, peer, hello)
  }

  /** `answered`: the hello with the owner's answer, for the next one; empty if there is nothing to go on with. */
  #resumeTaken(now: number, peer: PeerAddress, partition: number, nodeId: string, answered: Uint8Array): void {
    const name = peer.key
    if (!this.#resumes.delete(name)) return
    this.counters.resumesTaken++
    this.#front.resumeTaken(name)
    this.#handedOff.add(peer.key, partition)
    if (answered.length === 0) return
    const half = { kind: FrameKind.RepeatedResumeHello, peer, body: answered }
    // The node that took it may have lost the partition since.
    const isOwner = this.#placement.ownerOf(partition) === nodeId
    this.#halves.keep(now, partition, isOwner ? this.#placement.tokenOf(partition) : undefined, half)
  }

  /** Once every node has said so there is nothing to wait for. A node that is still loading answers when it has loaded. */
  #resumeUnknown(now: number, peer: PeerAddress, nodeId: string): void {
    const asked = this.#resumes.get(peer.key)
    if (asked === undefined || asked.unknown.includes(nodeId)) return
    asked.unknown.push(nodeId)
    if (asked.unknown.length >= this.#placement.nodes) this.#resumeMissed(now, peer)
  }

  #resumeMissed(now: number, peer: PeerAddress): void {
    this.#resumes.delete(peer.key)
    this.counters.resumesMissed++
    this.#reply(now, peer, this.#front.resumeMissed(now, peerOf(peer)))
  }

  #toOwner(partition: number, peer: PeerAddress, kind: FrameKind, body: Uint8Array): void {
    // Between two owners any node knows who is next.
    const nodeId = this.#placement.ownerOf(partition) ?? this.#placement.anyNode(partition)
    if (nodeId === undefined) return this.counters.drop("PartitionUnowned")
    this.#outbox.toNode(nodeId, kind, partition, peer, body)
  }

  /** The owner of the datagram answers, and adds a route. */
  #toEveryNode(peer: PeerAddress, datagram: Uint8Array): void {
    this.counters.unrouted++
    this.#outbox.toEveryNode(FrameKind.Unrouted, peer, datagram)
  }

  /**
   * Why the nodes are not asked about a peer, or about a connection id: what `asked` names. Bounded, since it costs every
   * node; counts as asked if they may be. Nothing proves the address of such a datagram. So a source pays only where a flood
   * leaves less than half of what there is for all.
   */
  #refusesToAsk(
    now: number,
    peer: PeerAddress,
    asked: number | string
  ): "UnroutedRepeated" | "UnroutedRate" | undefined {
    const { unroutedPerSecondMax, unroutedQuietMillis } = this.#limits
    const askedAt = this.#askedAt.get(asked)
    if (askedAt !== undefined && now - askedAt < unroutedQuietMillis) return "UnroutedRepeated"
    if (!take(this.#unroutedRate, now, unroutedPerSecondMax, unroutedPerSecondMax)) return "UnroutedRate"
    const isScarce = this.#unroutedRate.left < unroutedPerSecondMax / 2
    if (isScarce && !this.#unroutedRates.take(now, sourceOf(peer.key))) {
      this.#unroutedRate.left++
      return "UnroutedRate"
    }
    this.#askedAt.set(asked, now)
    return undefined
  }
}

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

/** Keep-alives that devices send for their NAT: of no concern to anybody. */
const keepAliveBytesMax = 1

/** 52 of the 64 random bits: a number hashes without allocating. The other 12 are beside the partition. */
const cidKey = (bytes: Uint8Array, at: number): number => {
  const high = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  return high * 0x10_0000 + ((bytes[at + 4]! << 12) | (bytes[at + 5]! << 4) | (bytes[at + 6]! >> 4))
}

/** A connection id among the peers that the nodes were asked about: who has the one can't use up the other's turn. */
const askedCid = (bytes: Uint8Array, at: number): number => -1 - cidKey(bytes, at)

/** The last 12 bits: without them who observes a connection id could make another one that finds the same route. */
const cidRest = (bytes: Uint8Array, at: number): number => ((bytes[at + 6]! & 0xf) << 8) | bytes[at + 7]!
const cidRestBits = 12
const cidRestMask = 0xfff

const peerOf = (peer: PeerAddress): Peer => ({ key: peer.key, address: peer.bytes })
