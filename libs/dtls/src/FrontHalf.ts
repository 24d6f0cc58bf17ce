import * as Result from "effect/Result"
import { type CipherSuite, TLS_PSK_WITH_AES_128_CBC_SHA256, TLS_PSK_WITH_AES_128_CCM_8 } from "./CipherSuite.ts"
import type { Crypto } from "./Crypto.ts"
import { agreementOf } from "./handshake/Agreement.ts"
import { type ClientHello, decodeClientHello } from "./handshake/ClientHello.ts"
import { decodeClientKeyExchange } from "./handshake/ClientKeyExchange.ts"
import { fitsOneDatagram, packRecords, plaintextDatagram, plaintextRecords } from "./handshake/Flight.ts"
import {
  encodeHandshake,
  handshakeHeaderBytes,
  type HandshakeFragment,
  type HandshakeMessage,
  HandshakeType,
  isWhole,
  readHandshakeFragment,
  wholeMessage
} from "./handshake/Header.ts"
import { Reassembly, type ReassemblyLimits } from "./handshake/Reassembly.ts"
import { encodeServerHello } from "./handshake/ServerHello.ts"
import { copyBytes, emptyBytes, packBytes, unpackBytes } from "./internal/bytes.ts"
import { type FrontHalfLimits, frontHalfLimits, serverCidBytes } from "./Limits.ts"
import type { Peer } from "./Peer.ts"
import { ContentType, isDtlsVersion, readRecord, type RecordView, wholeRecords } from "./record/Header.ts"
import type { CookieSecrets } from "./server/CookieSecrets.ts"
import { type AwaitKeyExchange, flightOf, type FrontHandshake } from "./server/FrontHandshake.ts"
import { FrontHandshakes } from "./server/FrontHandshakes.ts"
import { dropped, forward, type FrontOutcome, kept, refusal, reply } from "./server/FrontOutcome.ts"
import { encodeHalf, encodeResumeHello } from "./server/HalfHandshake.ts"
import { answerHello, chooseSuite } from "./server/Negotiation.ts"
import type { SessionIds } from "./server/SessionIds.ts"
import { helloVerifyRequest, plaintextAlert } from "./server/StatelessReply.ts"

export interface FrontHalfOptions {
  readonly crypto: Crypto
  readonly cookieSecrets: CookieSecrets
  readonly sessionIds: SessionIds
  /** In order of preference; CCM_8 first unless given. */
  readonly suites?: ReadonlyArray<CipherSuite>
  readonly limits?: FrontHalfLimits
}

/**
 * The first half of the server's handshake, for many peers: everything up to ClientKeyExchange. It holds no secret of a
 * device, and nothing at all of a peer without a valid cookie.
 *
 *     ClientHello            -> HelloVerifyRequest                       stateless
 *     ClientHello + cookie   -> ServerHello, ServerHelloDone             AwaitKeyExchange
 *                            -> Resume -> resumeTaken | resumeMissed     AwaitResumption
 *     ClientKeyExchange      -> HandOff                                  forgotten
 *
 * The server's flight is sent again only when the client repeats its ClientHello. RFC 6347 §4.2.4 would let the server
 * use a timer too; towards a device whose answer takes 9 s that costs battery and wins nothing, since the client's own
 * timer covers the same loss.
 *
 * A ClientHello is a repetition only while its ServerHello waits for an answer. After that it begins a new handshake, even
 * with a random that was seen before: a device without entropy sends the same bytes at each boot. If it was a copy that the
 * network delayed, what begins is one entry here and no more: the back half tries the former handshake too, for which the
 * honest client's repeated flight is meant.
 */
export class FrontHalf {
  readonly #crypto: Crypto
  readonly #cookieSecrets: CookieSecrets
  readonly #sessionIds: SessionIds
  readonly #suites: ReadonlyArray<CipherSuite>
  readonly #limits: FrontHalfLimits
  /** In the order of their deadlines, since all wait equally long. */
  readonly #handshakes: FrontHandshakes

  constructor(options: FrontHalfOptions) {
    this.#crypto = options.crypto
    this.#cookieSecrets = options.cookieSecrets
    this.#sessionIds = options.sessionIds
    this.#suites = options.suites ?? defaultSuites
    this.#limits = options.limits ?? frontHalfLimits
    this.#handshakes = new FrontHandshakes(this.#limits.peersInHandshakeMax)
  }

  /** Handshakes past the cookie. */
  get size(): number {
    return this.#handshakes.size
  }

  /** Handshakes that gave way to newer ones because of `peersInHandshakeMax`. */
  get evicted(): number {
    return this.#handshakes.evicted
  }

  /** When `handleTimeout` has something to do, in milliseconds since 1970. */
  get deadline(): number | undefined {
    return this.#handshakes.oldest()?.[1].deadline
  }

  /** True while records of this peer that the edge can't route may belong here. */
  isHandshaking(peerKey: number | string): boolean {
    return this.#handshakes.size > 0 && this.#handshakes.get(peerKey) !== undefined
  }

  /** True if the connection id at `at` is one that a ServerHello from here offered: then records under it belong here, too. */
  hasConnectionId(datagram: Uint8Array, at: number): boolean {
    return this.#handshakes.hasConnectionId(datagram, at)
  }

  /** Forgets handshakes whose time is over and returns how many. */
  handleTimeout(now: number): number {
    let expired = 0
    for (;;) {
      const oldest = this.#handshakes.oldest()
      if (oldest === undefined || oldest[1].deadline > now) return expired
      this.#handshakes.delete(oldest[0])
      expired++
    }
  }

  /**
   * `now` in milliseconds since 1970. Nothing of the datagram is kept without a copy. `admit` is asked when a handshake is
   * about to begin, and not before a cookie proved the peer's address: a rate by address that is taken from there can't be
   * used up by who forges the address.
   */
  handleDatagram(now: number, peer: Peer, datagram: Uint8Array, admit: Admit = admitAll): FrontOutcome {
    let outcome: FrontOutcome | undefined
    // A record that begins or ends a handshake is the last one that is looked at.
    const known = this.#handshakes.get(peer.key) ?? this.#handshakes.findMoved(peer.key, datagram)
    for (let offset = 0; offset < datagram.length;) {
      const record = readRecord(datagram, offset, serverCidBytes)
      if (record === undefined) break
      const ofRecord = this.#handleRecord(now, peer, known, record, datagram, offset, admit)
      if (ofRecord._tag === "Reply" || ofRecord._tag === "HandOff" || ofRecord._tag === "Resume") return ofRecord
      // A datagram is forwarded whole, and if any record of it has to be.
      if (outcome === undefined || ofRecord._tag === "Forward") outcome = ofRecord
      offset = record.next
    }
    return outcome ?? dropped("NotDtls")
  }

  /** An actor took the resumption over: forget the peer. */
  resumeTaken(peerKey: number | string): void {
    if (this.#handshakes.get(peerKey)?._tag === "AwaitResumption") this.#handshakes.delete(peerKey)
  }

  /** No actor holds the session: the full handshake goes on. */
  resumeMissed(now: number, peer: Peer): FrontOutcome {
    const handshake = this.#handshakes.get(peer.key)
    if (handshake?._tag !== "AwaitResumption") return dropped("UnexpectedHandshake")
    const message = wholeMessage(unpackBytes(handshake.clientHello))
    // It decoded when it came in.
    const hello = Result.getOrThrow(decodeClientHello(message.body))
    return this.#serverHello(now, peer, message, handshake.sequence, hello, handshake.suite)
  }

  #handleRecord(
    now: number,
    peer: Peer,
    handshake: FrontHandshake | undefined,
    record: RecordView,
    datagram: Uint8Array,
    offset: number,
    admit: Admit
  ): FrontOutcome {
    if (!isDtlsVersion(record.version)) return dropped("NotDtls")
    if (record.epoch !== 0 || record.contentType === ContentType.change_cipher_spec) {
      // ChangeCipherSpec and Finished may overtake ClientKeyExchange (RFC 6347 §4.2.5).
      if (handshake === undefined) return forward
      return this.#keep(handshake, datagram.subarray(offset, record.next))
    }
    // An alert that anyone can forge ends no handshake (RFC 6347 §4.1.2.7).
    if (record.contentType === ContentType.alert) return dropped("PlaintextAlert")
    if (record.contentType !== ContentType.handshake) return dropped("UnexpectedRecord")
    let outcome: FrontOutcome = dropped("MalformedHandshake")
    for (let at = 0; at < record.fragment.length;) {
      const fragment = readHandshakeFragment(record.fragment, at)
      if (fragment === undefined) return dropped("MalformedHandshake")
      at = fragment.next
      if (fragment.type === HandshakeType.client_hello) {
        return this.#handleClientHello(now, peer, record.sequence, fragment, datagram.length, admit)
      }
      if (handshake === undefined) outcome = forward
      else outcome = this.#handleKeyExchange(peer, handshake, fragment, datagram.subarray(record.next))
      if (outcome._tag === "HandOff") return outcome
    }
    return outcome
  }

  #handleClientHello(
    now: number,
    peer: Peer,
    sequence: number,
    fragment: HandshakeFragment,
    datagramBytes: number,
    admit: Admit
  ): FrontOutcome {
    // To put fragments together would be state before the cookie.
    if (!isWhole(fragment)) return dropped("FragmentedClientHello")
    if (fragment.length > this.#limits.clientHelloBytesMax) return dropped("ClientHelloTooLarge")
    if (sequence > clientHelloSequenceMax) return dropped("UnexpectedRecord")
    const decoded = decodeClientHello(fragment.fragment)
    if (Result.isFailure(decoded)) return dropped("MalformedHandshake")
    const hello = decoded.success
    const message = { type: fragment.type, messageSeq: fragment.messageSeq, body: fragment.fragment }
    // The same bytes had a valid cookie when they came first. Patient clients repeat them when it no longer is.
    const known = this.#handshakes.get(peer.key)
    if (known !== undefined && isSameMessage(known.clientHello, message)) {
      return known._tag === "AwaitKeyExchange" ? this.#sendFlight(known) : dropped("ResumePending")
    }
    if (!this.#cookieSecrets.verify(this.#crypto, now, peer.address, hello)) {
      const cookie = this.#cookieSecrets.cookie(this.#crypto, now, peer.address, hello)
      const request = helloVerifyRequest(sequence, fragment.messageSeq, cookie)
      if (request.length > datagramBytes) return dropped("MalformedHandshake")
      return hello.cookie.length === 0 ? reply([request]) : refusal(request, { reason: "WrongCookie" })
    }
    if (!admit(now, peer)) return dropped("HandshakeRate")
    const suite = chooseSuite(hello, this.#suites)
    if (typeof suite !== "number") return refusal(plaintextAlert(sequence, suite.alert), suite.refused)
    if (this.#sessionIds.isIssued(this.#crypto, hello.sessionId)) {
      return this.#awaitResumption(now, peer, message, sequence, hello, suite)
    }
    return this.#serverHello(now, peer, message, sequence, hello, suite)
  }

  #awaitResumption(
    now: number,
    peer: Peer,
    message: HandshakeMessage,
    sequence: number,
    hello: ClientHello,
    suite: CipherSuite
  ): FrontOutcome {
    const clientHello = encodeHandshake(message.type, message.messageSeq, message.body)
    const deadline = now + this.#limits.handshakeTimeoutMillis
    this.#handshakes.set(peer.key, {
      _tag: "AwaitResumption",
      deadline,
      clientHello: packBytes(clientHello),
      sequence,
      suite
    })
    return {
      _tag: "Resume",
      sessionId: copyBytes(hello.sessionId),
      hello: encodeResumeHello({ address: peer.address, sequence, clientHello, serverHello: emptyBytes })
    }
  }

  #serverHello(
    now: number,
    peer: Peer,
    message: HandshakeMessage,
    sequence: number,
    hello: ClientHello,
    suite: CipherSuite
  ): FrontOutcome {
    const serverHello = answerHello(this.#crypto, hello, suite, this.#sessionIds.issue(this.#crypto))
    // The HelloVerifyRequest before it had the message_seq of the first ClientHello, and we keep no count (RFC 6347 §4.2.2).
    const { messageSeq } = message
    const handshake: AwaitKeyExchange = {
      _tag: "AwaitKeyExchange",
      peer: { key: peer.key, address: copyBytes(peer.address) },
      deadline: now + this.#limits.handshakeTimeoutMillis,
      clientHello: packBytes(encodeHandshake(message.type, messageSeq, message.body)),
      serverHello: packBytes(encodeServerHello(serverHello)),
      connectionId: packBytes(serverHello.extensions.connectionId ?? emptyBytes),
      plaintextBytesMax: agreementOf(hello, serverHello, suite).toClientBytesMax,
      messageSeq: messageSeq + 1,
      nextSequence: sequence,
      reassembly: undefined,
      kept: undefined,
      keptBytes: 0
    }
    this.#handshakes.set(peer.key, handshake)
    return this.#sendFlight(handshake)
  }

  /** Every transmission takes new record sequence numbers (RFC 6347 §4.2.4), the first one the ClientHello's (§4.2.1). */
  #sendFlight(handshake: AwaitKeyExchange): FrontOutcome {
    const { datagramBytesMax } = this.#limits
    const { plaintextBytesMax } = handshake
    const { nextSequence } = handshake
    const flight = flightOf(handshake)
    const sizes = { plaintextBytesMax, datagramBytesMax }
    if (fitsOneDatagram(flight, sizes)) {
      handshake.nextSequence += flight.length
      return reply([plaintextDatagram(flight, nextSequence)])
    }
    const records = plaintextRecords(flight, nextSequence, sizes)
    handshake.nextSequence += records.length
    return reply(packRecords(records, datagramBytesMax))
  }

  /** `rest` is what follows in the same datagram. */
  #handleKeyExchange(
    peer: Peer,
    handshake: FrontHandshake,
    fragment: HandshakeFragment,
    rest: Uint8Array
  ): FrontOutcome {
    if (
      handshake._tag !== "AwaitKeyExchange" ||
      fragment.type !== HandshakeType.client_key_exchange ||
      fragment.messageSeq !== handshake.messageSeq
    ) {
      return dropped("UnexpectedHandshake")
    }
    const { identityBytesMax } = this.#limits
    if (fragment.length > 2 + identityBytesMax) return dropped("IdentityTooLong")
    const message =
      // Whatever pieces came before: they may be forged.
      isWhole(fragment)
        ? { type: fragment.type, messageSeq: fragment.messageSeq, body: fragment.fragment }
        : reassemble(handshake, fragment, { messageBytesMax: 2 + identityBytesMax, messagesAheadMax: 0 })
    if (message === undefined) return kept
    const exchange = decodeClientKeyExchange(message.body)
    if (Result.isFailure(exchange)) {
      // Possibly forged: leave the peer the chance to send its own.
      handshake.reassembly = undefined
      return dropped("MalformedClientKeyExchange")
    }
    const { clientHello, kept: records = [], keptBytes, nextSequence, peer: proved } = handshake
    this.#handshakes.delete(proved.key)
    const moved = proved.key !== peer.key
    const more = moved ? emptyBytes : wholeRecords(rest, this.#limits.bytesPerPeerMax - keptBytes)
    const half = encodeHalf({
      address: proved.address,
      nextSequence,
      clientHello: unpackBytes(clientHello),
      messages: [...flightOf(handshake), message],
      records: more.length === 0 ? records : [...records, more]
    })
    return { _tag: "HandOff", identity: exchange.success.pskIdentity, half, movedFrom: moved ? proved : undefined }
  }

  #keep(handshake: FrontHandshake, record: Uint8Array): FrontOutcome {
    if (handshake._tag !== "AwaitKeyExchange") return dropped("UnexpectedRecord")
    if (handshake.keptBytes + record.length > this.#limits.bytesPerPeerMax) return dropped("BufferFull")
    ;(handshake.kept ??= []).push(copyBytes(record))
    handshake.keptBytes += record.length
    return kept
  }
}

function reassemble(
  handshake: AwaitKeyExchange,
  fragment: HandshakeFragment,
  limits: ReassemblyLimits
): HandshakeMessage | undefined {
  handshake.reassembly ??= new Reassembly(limits, handshake.messageSeq)
  if (handshake.reassembly.add(fragment) === "Contradicts") {
    // The client repeats its own pieces, and a forged one must not keep them out.
    handshake.reassembly = new Reassembly(limits, handshake.messageSeq)
    handshake.reassembly.add(fragment)
  }
  return handshake.reassembly.take()
}

/** Whether `packed`, with its header, is this message. */
function isSameMessage(packed: string, { body, messageSeq, type }: HandshakeMessage): boolean {
  if (packed.length !== handshakeHeaderBytes + body.length || packed.charCodeAt(0) !== type) return false
  if (((packed.charCodeAt(4) << 8) | packed.charCodeAt(5)) !== messageSeq) return false
  for (let i = 0; i < body.length; i++) if (packed.charCodeAt(handshakeHeaderBytes + i) !== body[i]) return false
  return true
}

/** Whether a peer whose address is proved may begin a handshake. */
export type Admit = (now: number, peer: Peer) => boolean
const admitAll: Admit = () => true

/**
 * Our record numbers continue the client's, which may begin anywhere. What is left above takes a flight in fragments of 64
 * bytes a hundred times a second for as long as a handshake may last, ten times over.
 */
const clientHelloSequenceMax = 2 ** 48 - 2 ** 24

const defaultSuites: ReadonlyArray<CipherSuite> = [TLS_PSK_WITH_AES_128_CCM_8, TLS_PSK_WITH_AES_128_CBC_SHA256]
