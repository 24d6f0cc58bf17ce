import { FrameKind, type PeerAddress } from "@roost/contracts"
import { ContentType, type Crypto } from "@roost/dtls"
import * as Result from "effect/Result"
import type { Counters } from "./Counters.ts"
import type { DeviceActor, DeviceSession } from "./DeviceActor.ts"
import type { DeviceSessionConfig } from "./DeviceSessionConfig.ts"
import type { EdgeLink, EdgeLinks } from "./EdgeLinks.ts"
import type { Persistence } from "./Persistence.ts"
import type { SessionTable } from "./SessionTable.ts"

/** What the associations tell the host of. */
export interface AssociationOptions {
  readonly config: DeviceSessionConfig
  readonly crypto: Crypto
  readonly counters: Counters
  readonly edges: EdgeLinks
  readonly table: SessionTable
  readonly persistence: Persistence
  /** The device ended its session. */
  readonly closed: (now: number, actor: DeviceActor, session: DeviceSession) => void
  readonly data: (now: number, actor: DeviceActor, session: DeviceSession, plaintext: Uint8Array) => void
}

/** The DTLS side of the actors once a handshake verified: records in and out, and where the device is. */
export class Associations {
  readonly #options: AssociationOptions
  readonly #crypto: Crypto

  constructor(options: AssociationOptions) {
    this.#options = options
    this.#crypto = options.crypto
  }

  /** Opens the records of a datagram. True if any of them verified: the device is alive. */
  open(
    now: number,
    edge: EdgeLink,
    peer: PeerAddress,
    actor: DeviceActor,
    session: DeviceSession,
    datagram: Uint8Array
  ): boolean {
    const { closed, counters, data } = this.#options
    const { dtls } = session
    let alive = false
    for (let offset = 0; offset < datagram.length;) {
      const opened = dtls.open(this.#crypto, datagram, offset)
      offset = opened.next
      if (opened._tag === "Dropped") {
        counters.dropped(opened.reason)
        continue
      }
      alive = true
      session.lastSeenAt = now
      this.#followPeer(edge, peer, actor, session, opened.newest)
      if (opened._tag === "ApplicationData") data(now, actor, session, opened.plaintext)
      else if (opened._tag === "Answer") this.#sendTo(session.edge, actor.partition, session.peer, opened.bytes)
      else if (opened._tag === "Closed") closed(now, actor, session)
      else counters.ignored(opened.reason)
      if (actor.session !== session) break
    }
    return alive
  }

  /** Seals a CoAP message straight into the frame for the device's edge. */
  send(actor: DeviceActor, session: DeviceSession, message: Uint8Array): void {
    const { config, counters, edges, persistence } = this.#options
    const { dtls, edge, peer } = session
    const offset = edges.reserve(edge, FrameKind.Send, actor.partition, peer, dtls.sealedBytes(message.length))
    const sealed = dtls.sealInto(this.#crypto, ContentType.application_data, message, edge.writer.buffer, offset)
    if (Result.isFailure(sealed)) {
      if (sealed.failure.reason === "SequenceExhausted") this.#park(actor, session, message)
      else counters.dropped(`Seal${sealed.failure.reason}`)
      return
    }
    edge.writer.commit(sealed.success - offset)
    counters.datagramsOut++
    if (dtls.writeLimit - dtls.writeSequence <= config.writeBlockRecords / 2 && actor.saving === undefined) {
      persistence.touch(actor)
    }
  }

  /** The session has a new block of sequence numbers: what waited for one goes out. */
  sendParked(actor: DeviceActor, session: DeviceSession): void {
    const messages = session.outbox
    if (messages === undefined || actor.session !== session) return
    session.outbox = undefined
    for (const message of messages) this.send(actor, session, message)
  }

  /** No message goes out under a sequence number that is not reserved: it waits until the next block is. */
  #park(actor: DeviceActor, session: DeviceSession, message: Uint8Array): void {
    const messages = (session.outbox ??= [])
    if (messages.length < outboxMax) messages.push(message.slice())
    else this.#options.counters.dropped("OutboxFull")
    this.#options.persistence.touch(actor)
  }

  /** Tells an edge where the device's datagrams go. */
  announceRoute(edge: EdgeLink, actor: DeviceActor, peer: PeerAddress): void {
    this.#options.edges.add(edge, FrameKind.Route, actor.partition, peer, actor.session?.dtls.readCid ?? noBytes)
  }

  /** RFC 9146 §6: the address follows a verified record that is newer than all before it, and no other (F14, F15). */
  #followPeer(edge: EdgeLink, peer: PeerAddress, actor: DeviceActor, session: DeviceSession, newest: boolean): void {
    if (!newest) return
    session.edge = edge
    if (session.peer.key === peer.key) return
    this.#options.table.move(actor, peer)
    this.announceRoute(edge, actor, peer)
  }

  #sendTo(edge: EdgeLink, partition: number, peer: PeerAddress, datagram: Uint8Array): void {
    this.#options.counters.datagramsOut++
    this.#options.edges.add(edge, FrameKind.Send, partition, peer, datagram)
  }
}

/** Messages of one device that wait for a write block. */
const outboxMax = 16
const noBytes = new Uint8Array(0)
