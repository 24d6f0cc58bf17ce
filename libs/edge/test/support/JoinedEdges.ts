import { FrameKind, FrameReader, Subjects } from "@roost/contracts"
import { type ClientOptions, PendingHandshake } from "@roost/dtls"
import { nodeCrypto as crypto } from "@roost/dtls-crypto"
import * as Result from "effect/Result"
import type { EdgeLimits } from "../../src/EdgeLimits.ts"
import { EdgeWorld, type Entry, psk, TestDevice } from "./EdgeWorld.ts"
import { peerOf } from "./Peers.ts"

/** An entry for session-actors, and the edge that its frame names: the owner answers by that one. */
export interface EntryOf extends Entry {
  readonly heardBy: string
}

/** Edges on one port and one bus. Nobody says which of them gets a datagram. */
export class JoinedEdges {
  readonly edges: ReadonlyArray<EdgeWorld>
  /** Frames that edges had for each other. */
  strayFrames: Array<Uint8Array> = []
  readonly #names: ReadonlyArray<string>

  constructor(count: number, limits: Partial<EdgeLimits> = {}) {
    this.#names = Array.from({ length: count }, (_, i) => `edge${i}`)
    this.edges = this.#names.map((name) => new EdgeWorld(limits, name))
  }

  named(name: string): EdgeWorld {
    return this.edges[this.#names.indexOf(name)]!
  }

  pass(millis: number): void {
    for (const edge of this.edges) edge.pass(millis)
  }

  /** Frames for edges arrive at all of them, as those of core NATS do; the entries for nodes are returned. */
  settle(): Array<EntryOf> {
    const entries: Array<EntryOf> = []
    for (let frames = this.#frames(); frames.length > 0; frames = this.#frames()) {
      for (const { bytes, subject } of frames) {
        if (subject === Subjects.frameToEdges) {
          this.strayFrames.push(bytes)
          for (const edge of this.edges) edge.core.handleStrays(edge.now, bytes)
          continue
        }
        const reader = new FrameReader(bytes)
        while (reader.next()) {
          const { body, kind, origin, partition, peer } = reader
          entries.push({ subject, kind, partition, peer, body, heardBy: origin })
        }
      }
    }
    return entries
  }

  #frames() {
    for (const { core } of this.edges) core.flush()
    return this.edges.flatMap(({ frames }) => frames.splice(0))
  }
}

/** A device in front of joined edges, and the owner behind them. */
export class SpreadDevice {
  readonly #edges: JoinedEdges
  readonly #device: TestDevice
  readonly #halves: Array<{ readonly pending: PendingHandshake; readonly of: EntryOf }> = []
  /** Its next datagrams come from there. */
  peer: TestDevice["peer"]
  connected = false
  /** The edge by which the owner answered. */
  answeredBy: string | undefined

  constructor(edges: JoinedEdges, options: Partial<ClientOptions> = {}, peer = peerOf(40_000)) {
    this.#edges = edges
    this.#device = new TestDevice(edges.edges[0]!, "meter-1", options, peer)
    this.peer = peer
  }

  /** Up to its last flight, which is returned; every edge of `hellosAt` gets the ClientHello with the cookie, the first one's answer counts. */
  untilLastFlight(...hellosAt: ReadonlyArray<number>): Array<Uint8Array> {
    const [first] = hellosAt
    this.send(first!, ...this.#device.start())
    const hello = this.#device.take(this.#edges.edges[first!]!.replies())
    for (const at of hellosAt) this.send(at, ...hello)
    const answer = this.#edges.edges[first!]!.replies()
    for (const edge of this.#edges.edges) edge.replies()
    return this.#device.take(answer)
  }

  send(at: number, ...datagrams: ReadonlyArray<Uint8Array>): void {
    this.#edges.edges[at]!.receive(this.peer, ...datagrams)
  }

  /** The flight again, in new records (RFC 6347 §4.2.4). */
  repeat(): Array<Uint8Array> {
    const { client } = this.#device
    return client
      .handleTimeout(client.deadline!)
      .flatMap((output) => (output._tag === "Transmit" ? [output.datagram] : []))
  }

  /** The owner gets what the edges have for it, and answers by the edge of the half. */
  settle(): Array<EntryOf> {
    const entries = this.#edges.settle()
    for (const entry of entries) {
      if (isHalf(entry.kind)) {
        const pending = Result.getOrThrow(PendingHandshake.fromHalf(entry.body))
        pending.own()
        this.#halves.unshift({ pending, of: entry })
        const outcome = pending.providePsk(crypto, psk)
        if (outcome._tag === "Established") this.#answer(entry, outcome.reply)
      } else if (entry.kind === FrameKind.Datagram) {
        for (const { of, pending } of this.#halves) {
          if (this.connected) break
          const outcome = pending.handleDatagram(crypto, 0, entry.body)
          if (outcome._tag === "Established") this.#answer(of, outcome.reply)
        }
      }
    }
    return entries
  }

  #answer({ heardBy, partition, peer }: EntryOf, reply: ReadonlyArray<Uint8Array>): void {
    const edge = this.#edges.named(heardBy)
    for (const datagram of reply) edge.tell(FrameKind.Send, partition, peer, datagram)
    edge.tell(FrameKind.Route, partition, peer)
    const outputs = edge.replies().flatMap((datagram) => this.#device.client.handleDatagram(0, datagram))
    this.connected ||= outputs.some(({ _tag }) => _tag === "Connected")
    this.answeredBy = heardBy
  }
}

const isHalf = (kind: FrameKind): boolean =>
  kind === FrameKind.HalfHandshake || kind === FrameKind.RepeatedHalfHandshake
