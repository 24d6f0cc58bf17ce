import { PlacementMap } from "@roost/cluster"
import {
  FrameKind,
  FrameReader,
  FrameWriter,
  partitionCount,
  type PeerAddress,
  placeOf,
  type StrangerEvent,
  Subjects
} from "@roost/contracts"
import {
  Client,
  type ClientOptions,
  CookieSecrets,
  FrontHalf,
  PendingHandshake,
  Session,
  SessionIds
} from "@roost/dtls"
import { nodeCrypto as crypto } from "@roost/dtls-crypto"
import * as Result from "effect/Result"
import { EdgeCore } from "../../src/EdgeCore.ts"
import { defaultEdgeLimits, type EdgeLimits } from "../../src/EdgeLimits.ts"
import { peerOf } from "./Peers.ts"

export const routingKey = new Uint8Array(32).fill(5)
export const psk = new Uint8Array(16).fill(0x42)
export const identityOf = (deviceKey: string): Uint8Array => new TextEncoder().encode(`MuGsF6W4,${deviceKey},2,3600`)

export const partitionOfMeter1 = placeOf("MuGsF6W4", "meter-1").partition
/** The subject of the node that owns `meter-1`. */
export const ownerOfMeter1 = Subjects.frameToNode(partitionOfMeter1 < partitionCount / 2 ? "a" : "b")

export interface Entry {
  readonly subject: string
  readonly kind: FrameKind
  readonly partition: number
  readonly peer: PeerAddress
  readonly body: Uint8Array
}

/** An edge between a network that only records and a bus that only records. Nodes `a` and `b` own half of it each. */
export class EdgeWorld {
  now = 1_700_000_000_000
  busAvailable = true
  readonly sent: Array<{ readonly peer: PeerAddress; readonly datagram: Uint8Array }> = []
  readonly frames: Array<{ readonly subject: string; readonly bytes: Uint8Array; readonly headers: string }> = []
  /** Entries that other edges were told of, as far as `entries` has met them. */
  readonly strays: Array<Entry> = []
  readonly strangers: Array<StrangerEvent> = []
  readonly placement = new PlacementMap()
  readonly core: EdgeCore

  constructor(limits: Partial<EdgeLimits> = {}, edgeId = "edge") {
    this.announce("a", 0, partitionCount / 2 - 1)
    this.announce("b", partitionCount / 2, partitionCount - 1)
    this.core = new EdgeCore({
      edgeId,
      limits: { ...defaultEdgeLimits, ...limits },
      front: new FrontHalf({
        crypto,
        cookieSecrets: new CookieSecrets(routingKey),
        sessionIds: new SessionIds(routingKey)
      }),
      placement: this.placement,
      now: this.now,
      ports: {
        tell: (event) => this.strangers.push(event),
        send: (peer, datagram) => this.sent.push({ peer, datagram: datagram.slice() }),
        publish: (subject, bytes, headers) => {
          if (this.busAvailable) this.frames.push({ subject, bytes: bytes.slice(), headers })
          return this.busAvailable
        }
      }
    })
  }

  announce(nodeId: string, from: number, to: number, leaving = false): void {
    this.placement.handle(this.now, { nodeId, partitions: range(from, to), term: 1, leaving })
  }

  /** The memory of a datagram is overwritten as soon as the core had it: the socket's next one takes it. */
  receive(peer: PeerAddress, ...datagrams: ReadonlyArray<Uint8Array>): void {
    for (const datagram of datagrams) {
      const lent = new Uint8Array(datagram)
      this.core.handleDatagram(this.now, peer, lent)
      lent.fill(0xee)
    }
  }

  /** An entry from session-actors. */
  tell(kind: FrameKind, partition: number, peer: PeerAddress, body: Uint8Array = new Uint8Array(0), from = "a"): void {
    const writer = new FrameWriter(from)
    writer.add(kind, partition, peer, body)
    this.core.handleFrame(this.now, writer.take())
  }

  pass(millis: number): void {
    this.now += millis
    this.core.handleTimeout(this.now)
  }

  /** Entries for nodes that were published since the last call. */
  entries(): Array<Entry> {
    this.core.flush()
    return this.frames.splice(0).flatMap(({ subject, bytes }) => {
      const entries: Array<Entry> = []
      const into = subject === Subjects.frameToEdges ? this.strays : entries
      const reader = new FrameReader(bytes)
      while (reader.next()) {
        const { body, kind, partition, peer } = reader
        into.push({ subject, kind, partition, peer, body })
      }
      return entries
    })
  }

  /** The datagrams to devices since the last call. */
  replies(): Array<Uint8Array> {
    return this.sent.splice(0).map(({ datagram }) => datagram)
  }
}

/** A device's DTLS client, whose datagrams the test carries. */
export class TestDevice {
  readonly peer: PeerAddress
  readonly client: Client
  readonly world: EdgeWorld

  constructor(world: EdgeWorld, deviceKey: string, options: Partial<ClientOptions> = {}, peer = peerOf(40_000)) {
    this.world = world
    this.peer = peer
    this.client = new Client({ crypto, identity: identityOf(deviceKey), psk, ...options })
  }

  start(): Array<Uint8Array> {
    return transmitted(this.client.start(this.world.now))
  }

  take(datagrams: ReadonlyArray<Uint8Array>): Array<Uint8Array> {
    return datagrams.flatMap((datagram) => transmitted(this.client.handleDatagram(this.world.now, datagram)))
  }

  /** Up to the datagrams with ClientKeyExchange, ChangeCipherSpec and Finished, which are not sent yet. */
  untilKeyExchange(): Array<Uint8Array> {
    this.world.receive(this.peer, ...this.start())
    this.world.receive(this.peer, ...this.take(this.world.replies()))
    return this.take(this.world.replies())
  }

  /** A whole handshake; the test plays the actor. Returns the server's session. */
  connect(partition?: number): Session {
    this.world.receive(this.peer, ...this.untilKeyExchange())
    const half = this.world.entries().find(({ kind }) => kind === FrameKind.HalfHandshake)!
    const pending = Result.getOrThrow(PendingHandshake.fromHalf(half.body))
    const outcome = pending.providePsk(crypto, psk)
    if (outcome._tag !== "Established") throw new Error(`expected Established, got ${outcome._tag}`)
    for (const reply of outcome.reply) this.world.tell(FrameKind.Send, half.partition, this.peer, reply)
    this.world.tell(FrameKind.Route, partition ?? half.partition, this.peer, outcome.session.readCid)
    this.take(this.world.replies())
    return outcome.session
  }

  data(text: string): Uint8Array {
    return Result.getOrThrow(this.client.send(new TextEncoder().encode(text)))
  }
}

const transmitted = (outputs: ReturnType<Client["start"]>): Array<Uint8Array> =>
  outputs.flatMap((output) => (output._tag === "Transmit" ? [output.datagram] : []))

/** Partitions with one fencing token. */
const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => [from + index, 1] as const)
