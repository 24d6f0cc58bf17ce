import { FrameKind, type PeerAddress } from "@roost/contracts"
import { ContentType } from "@roost/dtls"
import * as Result from "effect/Result"
import type { DeviceSession } from "../state/DeviceSession.ts"
import type { DeviceState } from "../state/DeviceState.ts"
import type { EdgeLink } from "../state/EdgeLink.ts"
import { addressOf, affords, edgeOf, mayBeHome, spend } from "../state/Path.ts"
import { saveThisTurn } from "../state/Saving.ts"
import { recordSealed } from "../recording/SessionRecords.ts"
import type { EdgeLinks } from "./EdgeLinks.ts"
import type { HostTurn } from "./HostTurn.ts"

/** Transmissions to devices by their edges: messages that are sealed now, records that were before, and where each device is. */
export class Transmissions {
  readonly #turn: HostTurn
  readonly #edges: EdgeLinks

  constructor(turn: HostTurn, edges: EdgeLinks) {
    this.#turn = turn
    this.#edges = edges
  }

  /** Seals a CoAP message straight into the frame for the device's edge. */
  send(device: DeviceState, session: DeviceSession, message: Uint8Array): void {
    const { config, counters, crypto } = this.#turn
    const edges = this.#edges
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
    const { traces, waiting } = this.#turn
    const offset = edges.reserve(edge, FrameKind.Send, waiting.answers || device.partition, peer, bytes)
    waiting.answers = 0
    const sealed = dtls.sealInto(crypto, ContentType.application_data, message, edge.writer.buffer, offset)
    if (Result.isFailure(sealed)) {
      if (sealed.failure.reason === "SequenceExhausted") this.#park(device, session, message)
      else counters.dropped(`Seal${sealed.failure.reason}`)
      return
    }
    const record = edge.writer.buffer.subarray(offset, sealed.success)
    edge.writer.commit(record.length)
    if (traces.answering !== undefined) {
      edges.trace(edge, traces.answered(this.#turn.now, traces.answering))
      traces.answering = undefined
    }
    counters.datagramsOut++
    if (this.#turn.recorder.active) recordSealed(this.#turn, device, peer, message, record)
    if (toPath) spend(session, record.length)
    if (toPath && toHome) this.#sendHome(device, session, record)
    if (dtls.writeLimit - dtls.writeSequence <= config.writeBlockRecords / 2 && device.saving === undefined) {
      saveThisTurn(this.#turn, device)
    }
  }

  /** Sends what the session sealed before: parts of a handshake, and refusals. */
  sendSealed(device: DeviceState, session: DeviceSession, record: Uint8Array): void {
    const { counters } = this.#turn
    if (mayBeHome(session)) this.#sendHome(device, session, record)
    if (!affords(session, record.length)) {
      counters.dropped("AddressUnproved")
      return
    }
    spend(session, record.length)
    counters.datagramsOut++
    this.#edges.add(edgeOf(session), FrameKind.Send, device.partition, addressOf(session), record)
  }

  /** Tells an edge that the device of a verified handshake is at this address. */
  route(edge: EdgeLink, device: DeviceState, peer: PeerAddress): void {
    this.#edges.add(edge, FrameKind.Route, device.partition, peer, device.session?.dtls.readCid ?? noBytes)
  }

  /** Tells an edge whose a connection id is. Its sender's address says nothing. */
  routeById(edge: EdgeLink, device: DeviceState, peer: PeerAddress): void {
    this.#edges.add(edge, FrameKind.RouteById, device.partition, peer, device.session?.dtls.readCid ?? noBytes)
  }

  /** No message goes out under a sequence number that is not reserved: it waits until the next block is. */
  #park(device: DeviceState, session: DeviceSession, message: Uint8Array): void {
    const messages = (session.outbox ??= [])
    if (messages.length < outboxMax) messages.push(message.slice())
    else this.#turn.counters.dropped("OutboxFull")
    saveThisTurn(this.#turn, device)
  }

  #sendHome(device: DeviceState, session: DeviceSession, record: Uint8Array): void {
    this.#turn.counters.datagramsOut++
    this.#edges.add(session.edge, FrameKind.Send, device.partition, session.peer, record)
  }
}

/** Messages of one device that wait for a write block. */
const outboxMax = 16
const noBytes = new Uint8Array(0)
