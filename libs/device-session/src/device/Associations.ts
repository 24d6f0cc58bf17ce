import { FrameKind, type PeerAddress } from "@roost/contracts"
import { ContentType, type Crypto } from "@roost/dtls"
import * as Result from "effect/Result"
import type { Counters } from "../state/Counters.ts"
import type { DeviceActor } from "../state/DeviceActor.ts"
import type { DeviceSessionConfig } from "../state/DeviceSessionConfig.ts"
import type { EdgeLinks } from "../host/EdgeLinks.ts"
import { addressOf, affords, credit, edgeOf, follow, mayBeHome, spend } from "../state/Path.ts"
import type { Persistence } from "./Persistence.ts"
import type { DeviceSession } from "../state/DeviceSession.ts"
import type { EdgeLink } from "../state/EdgeLink.ts"

/** What the associations tell the host of. */
export interface AssociationOptions {
  readonly config: DeviceSessionConfig
  readonly crypto: Crypto
  readonly counters: Counters
  readonly edges: EdgeLinks
  readonly persistence: Persistence
  /** The device ended its session; by a fatal alert, so that it is never resumed. */
  readonly closed: (now: number, actor: DeviceActor, session: DeviceSession, fatal: boolean) => void
  readonly data: (now: number, actor: DeviceActor, session: DeviceSession, plaintext: Uint8Array) => void
}

/**
 * What came of a datagram. `Alive`: a record verified, the device is there. `Seen`: what came is a copy, or the session is
 * closed. `Foreign`: nothing in it is the session's, as far as can be told.
 */
export type DatagramEffect = "Alive" | "Seen" | "Foreign"

/** The DTLS side of the actors once a handshake verified: records in and out, and where the device is. */
export class Associations {
  readonly #options: AssociationOptions
  readonly #crypto: Crypto

  constructor(options: AssociationOptions) {
    this.#options = options
    this.#crypto = options.crypto
  }

  /** Opens the records of a datagram. */
  open(
    now: number,
    edge: EdgeLink,
    peer: PeerAddress,
    actor: DeviceActor,
    session: DeviceSession,
    datagram: Uint8Array
  ): DatagramEffect {
    const { closed, counters, data } = this.#options
    const { dtls } = session
    let effect: DatagramEffect = "Foreign"
    for (let offset = 0; offset < datagram.length;) {
      const opened = dtls.open(this.#crypto, datagram, offset)
      offset = opened.next
      if (opened._tag === "Dropped") {
        counters.dropped(opened.reason)
        if (effect === "Foreign" && (opened.reason === "Replay" || opened.reason === "SessionClosed")) effect = "Seen"
        continue
      }
      if (opened.newest) follow(session, peer, edge)
      if (effect !== "Alive") credit(session, peer, datagram.length)
      effect = "Alive"
      session.lastSeenAt = now
      if (opened._tag === "ApplicationData") data(now, actor, session, opened.plaintext)
      else if (opened._tag === "Answer") this.answer(actor, session, opened.bytes)
      else if (opened._tag === "Closed") {
        if (opened.reply !== undefined) this.answer(actor, session, opened.reply)
        closed(now, actor, session, opened.fatal)
      } else counters.ignored(opened.reason)
      if (actor.session !== session) break
    }
    return effect
  }

  /** Whether the datagram is of the actor's session, while its device may lack our Finished: then it is answered again. */
  repeatsLastFlight(
    now: number,
    edge: EdgeLink,
    peer: PeerAddress,
    actor: DeviceActor | undefined,
    datagram: Uint8Array
  ): boolean {
    const session = actor?.session
    if (actor === undefined || session?.dtls.lastFlight === undefined || session.restored !== undefined) return false
    return this.open(now, edge, peer, actor, session, datagram) === "Alive"
  }

  /** Seals a CoAP message straight into the frame for the device's edge. */
  send(actor: DeviceActor, session: DeviceSession, message: Uint8Array): void {
    const { config, counters, edges, persistence } = this.#options
    const { dtls } = session
    const bytes = dtls.sealedBytes(message.length)
    const toPath = affords(session, bytes)
    const toHome = mayBeHome(session)
    if (!toPath && !toHome) {
      // The device repeats its request, which pays for more.
      counters.dropped("AddressUnproved")
      return
    }
    const edge = toPath ? edgeOf(session) : session.edge
    const peer = toPath ? addressOf(session) : session.peer
    const offset = edges.reserve(edge, FrameKind.Send, actor.partition, peer, bytes)
    const sealed = dtls.sealInto(this.#crypto, ContentType.application_data, message, edge.writer.buffer, offset)
    if (Result.isFailure(sealed)) {
      if (sealed.failure.reason === "SequenceExhausted") this.#park(actor, session, message)
      else counters.dropped(`Seal${sealed.failure.reason}`)
      return
    }
    const record = edge.writer.buffer.subarray(offset, sealed.success)
    edge.writer.commit(record.length)
    counters.datagramsOut++
    if (toPath) spend(session, record.length)
    if (toPath && toHome) this.#sendHome(actor, session, record)
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

  /** Tells an edge that the device of a verified handshake is at this address. */
  announceHandshake(edge: EdgeLink, actor: DeviceActor, peer: PeerAddress): void {
    this.#options.edges.add(edge, FrameKind.Route, actor.partition, peer, actor.session?.dtls.readCid ?? noBytes)
  }

  /** Tells an edge whose a connection id is. Its sender's address says nothing. */
  announceId(edge: EdgeLink, actor: DeviceActor, peer: PeerAddress): void {
    this.#options.edges.add(edge, FrameKind.RouteById, actor.partition, peer, actor.session?.dtls.readCid ?? noBytes)
  }

  /** Sends what the session sealed before: parts of a handshake, and refusals. */
  answer(actor: DeviceActor, session: DeviceSession, record: Uint8Array): void {
    const { counters, edges } = this.#options
    if (mayBeHome(session)) this.#sendHome(actor, session, record)
    if (!affords(session, record.length)) {
      counters.dropped("AddressUnproved")
      return
    }
    spend(session, record.length)
    counters.datagramsOut++
    edges.add(edgeOf(session), FrameKind.Send, actor.partition, addressOf(session), record)
  }

  #sendHome(actor: DeviceActor, session: DeviceSession, record: Uint8Array): void {
    this.#options.counters.datagramsOut++
    this.#options.edges.add(session.edge, FrameKind.Send, actor.partition, session.peer, record)
  }
}

/** Messages of one device that wait for a write block. */
const outboxMax = 16
const noBytes = new Uint8Array(0)
