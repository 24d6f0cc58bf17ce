import { FairMap, sourceOf } from "@roost/bounded"
import * as Result from "effect/Result"
import { type CipherSuite, TLS_PSK_WITH_AES_128_CBC_SHA256, TLS_PSK_WITH_AES_128_CCM_8 } from "./CipherSuite.ts"
import type { Crypto } from "./Crypto.ts"
import { agreementOf } from "./handshake/Agreement.ts"
import { type ClientHello, decodeClientHello } from "./handshake/ClientHello.ts"
import { decodeClientKeyExchange } from "./handshake/ClientKeyExchange.ts"
import { fitsOneDatagram, packRecords, plaintextDatagram, plaintextRecords } from "./handshake/Flight.ts"
import {
  encodeHandshake,
  type HandshakeFragment,
  type HandshakeMessage,
  HandshakeType,
  isWhole,
  readHandshakeFragment,
  wholeMessage
} from "./handshake/Header.ts"
import { encodeServerHello } from "./handshake/ServerHello.ts"
import { copyBytes, emptyBytes, packBytes, unpackBytes } from "./internal/bytes.ts"
import { type FrontHalfLimits, frontHalfLimits, serverCidBytes } from "./Limits.ts"
import type { Peer } from "./Peer.ts"
import { ContentType, isDtlsVersion, readRecord, type RecordView, wholeRecords } from "./record/Header.ts"
import type { CookieSecrets } from "./server/CookieSecrets.ts"
import { hasCookie, isSameMessage, leastMissed, withConnectionIdOf } from "./server/Alternatives.ts"
import { ExchangePieces } from "./server/ExchangePieces.ts"
import {
  answeredOf,
  type AwaitKeyExchange,
  flightOf,
  type FrontHandshake,
  isHandedOff,
  newestAnswered
} from "./server/FrontHandshake.ts"
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
 *     ClientKeyExchange      -> HandOff                                  AwaitKeyExchange until `confirmed`
 *
 * The server's flight is sent again only when the client repeats its ClientHello. RFC 6347 §4.2.4 would let the server
 * use a timer too. Towards a device whose answer takes 9 s that costs battery and wins nothing, since the client's own
 * timer covers the same loss.
 *
 * A ClientHello is a repetition only while its ServerHello waits for an answer. After that it begins a new handshake, even
 * with a random that was seen before. A device without entropy sends the same bytes at each boot. If it was a copy that the
 * network delayed, what begins is one entry here and no more. The back half tries the former handshake too, for which the
 * honest client's repeated flight is meant.
 *
 * Anybody can copy a ClientHello with its cookie, change it, and forge a ClientKeyExchange (RFC 5246 §7.4.7): neither ends what
 * was there before. The client may have gone on with each of the hellos that were answered. So all of them are handed off, and
 * so is each key exchange that differs; Finished tells which are its own.
 */
export class FrontHalf {
  readonly #crypto: Crypto
  readonly #cookieSecrets: CookieSecrets
  readonly #sessionIds: SessionIds
  readonly #suites: ReadonlyArray<CipherSuite>
  readonly #limits: FrontHalfLimits
  /** In the order of their deadlines, since all wait equally long. */
  readonly #handshakes: FrontHandshakes
  /** Of peers whose key exchange comes in pieces. */
  readonly #pieces: FairMap<number | string, ExchangePieces>

  constructor(options: FrontHalfOptions) {
    this.#crypto = options.crypto
    this.#cookieSecrets = options.cookieSecrets
    this.#sessionIds = options.sessionIds
    this.#suites = options.suites ?? defaultSuites
    this.#limits = options.limits ?? frontHalfLimits
    this.#handshakes = new FrontHandshakes(this.#limits.peersInHandshakeMax)
    this.#pieces = new FairMap(this.#limits.peersInPiecesMax)
  }

  /** Handshakes past the cookie and before the hand-off. */
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
    if (this.#handshakes.size === 0) return false
    const handshake = this.#handshakes.get(peerKey)
    return handshake !== undefined && !isHandedOff(handshake)
  }

  /** True if the connection id at `at` is one that a ServerHello from here offered: then records under it belong here, too. */
  hasConnectionId(datagram: Uint8Array, at: number): boolean {
    return this.#handshakes.hasConnectionId(datagram, at)
  }

  /** Forgets handshakes whose time is over and returns how many of them were not handed off. */
  handleTimeout(now: number): number {
    let expired = 0
    for (;;) {
      const oldest = this.#handshakes.oldest()
      if (oldest === undefined || oldest[1].deadline > now) return expired
      this.#handshakes.delete(oldest[0])
      if (!isHandedOff(oldest[1])) expired++
    }
  }

  /**
   * `now` in milliseconds since 1970. Nothing of the datagram is kept without a copy. `admit` is asked when a handshake is
   * about to begin, and not before a cookie proved the peer's address. A rate by address that is taken from there can't be
   * used up by who forges the address.
   */
  handleDatagram(now: number, peer: Peer, datagram: Uint8Array, admit: Admit = admitAll): FrontOutcome {
    let outcome: FrontOutcome | undefined
    // A record that begins or ends a handshake is the last one that is looked at.
    const handshake = this.#handshakes.get(peer.key) ?? this.#handshakes.findMoved(peer.key, datagram)
    const heard: Heard = { now, peer, datagram, handshake, admit }
    for (let offset = 0; offset < datagram.length;) {
      const record = readRecord(datagram, offset, serverCidBytes)
      if (record === undefined) break
      const ofRecord = this.#handleRecord(heard, record, offset)
      if (ofRecord._tag === "Reply" || ofRecord._tag === "HandOff" || ofRecord._tag === "Resume") return ofRecord
      // A datagram is forwarded whole, and if any record of it has to be.
      if (outcome === undefined || ofRecord._tag === "Forward") outcome = ofRecord
      offset = record.next
    }
    return outcome ?? dropped("NotDtls")
  }

  /** An actor took the resumption over. The peer's earlier handshakes stay: the hello may be a copy. */
  resumeTaken(peerKey: number | string): void {
    const handshake = this.#handshakes.get(peerKey)
    if (handshake?._tag !== "AwaitResumption") return
    const { formers } = handshake
    this.#handshakes.delete(peerKey)
    const newest = formers.at(-1)
    if (newest === undefined) return
    newest.formers = formers.slice(0, -1)
    this.#handshakes.set(peerKey, newest)
  }

  /** An actor has the session of a handshake that was handed off. One that began since may be a copy's, and stays. */
  confirmed(peerKey: number | string): void {
    const handshake = this.#handshakes.get(peerKey)
    if (handshake === undefined) return
    if (isHandedOff(handshake)) return this.#handshakes.delete(peerKey)
    const formers = handshake.formers.filter((former) => !isHandedOff(former))
    if (formers.length === handshake.formers.length) return
    this.#handshakes.delete(peerKey)
    this.#handshakes.set(peerKey, { ...handshake, formers })
  }

  /** No actor holds the session: the full handshake goes on. */
  resumeMissed(now: number, peer: Peer): FrontOutcome {
    const handshake = this.#handshakes.get(peer.key)
    if (handshake?._tag !== "AwaitResumption") return dropped("UnexpectedHandshake")
    const message = wholeMessage(unpackBytes(handshake.clientHello))
    // It decoded when it came in.
    const hello = Result.getOrThrow(decodeClientHello(message.body))
    return this.#serverHello(now, { peer, message, sequence: handshake.sequence, hello, suite: handshake.suite })
  }

  #handleRecord(heard: Heard, record: RecordView, offset: number): FrontOutcome {
    const { datagram, handshake } = heard
    if (!isDtlsVersion(record.version)) return dropped("NotDtls")
    if (record.epoch !== 0 || record.contentType === ContentType.change_cipher_spec) {
      // ChangeCipherSpec and Finished may overtake ClientKeyExchange (RFC 6347 §4.2.5).
      if (handshake === undefined || isHandedOff(handshake)) return forward
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
        return this.#handleClientHello(heard, record.sequence, fragment)
      }
      if (handshake === undefined) outcome = forward
      else outcome = this.#handleKeyExchange(heard, handshake, fragment, record.next)
      if (outcome._tag === "HandOff") return outcome
    }
    return outcome
  }

  #handleClientHello(
    { admit, datagram, now, peer }: Heard,
    sequence: number,
    fragment: HandshakeFragment
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
    if (known?._tag === "AwaitResumption" && isSameMessage(known.clientHello, message)) return dropped("ResumePending")
    const unanswered = known === undefined ? [] : answeredOf(known).filter((answered) => !isHandedOff(answered))
    const repeated = unanswered.find(({ clientHello }) => isSameMessage(clientHello, message))
    if (repeated !== undefined) return this.#sendFlight(repeated)
    if (!this.#cookieSecrets.verify(this.#crypto, now, peer.address, hello)) {
      const cookie = this.#cookieSecrets.cookie(this.#crypto, now, peer.address, hello)
      const request = helloVerifyRequest(sequence, fragment.messageSeq, cookie)
      if (request.length > datagram.length) return dropped("MalformedHandshake")
      return hello.cookie.length === 0 ? reply([request]) : refusal(request, { reason: "WrongCookie" })
    }
    if (!admit(now, peer, hello.cookie)) return dropped("HandshakeRate")
    const suite = chooseSuite(hello, this.#suites)
    if (typeof suite !== "number") return refusal(plaintextAlert(sequence, suite.alert), suite.refused)
    if (this.#sessionIds.isIssued(this.#crypto, hello.sessionId)) {
      return this.#awaitResumption(now, { peer, message, sequence, hello, suite })
    }
    return this.#serverHello(now, { peer, message, sequence, hello, suite })
  }

  #awaitResumption(now: number, { hello, message, peer, sequence, suite }: ProvedHello): FrontOutcome {
    const clientHello = encodeHandshake(message.type, message.messageSeq, message.body)
    const deadline = now + this.#limits.handshakeTimeoutMillis
    const formers = this.#takeFormers(now, peer, hello.cookie, clientHello.length)
    if (formers === undefined) return dropped("ClientHelloTooLarge")
    this.#handshakes.set(peer.key, {
      _tag: "AwaitResumption",
      deadline,
      clientHello: packBytes(clientHello),
      sequence,
      suite,
      formers
    })
    return {
      _tag: "Resume",
      sessionId: copyBytes(hello.sessionId),
      hello: encodeResumeHello({ address: peer.address, sequence, clientHello, serverHello: emptyBytes })
    }
  }

  #serverHello(now: number, { hello, message, peer, sequence, suite }: ProvedHello): FrontOutcome {
    const formers = this.#takeFormers(now, peer, hello.cookie, message.body.length)
    if (formers === undefined) return dropped("ClientHelloTooLarge")
    const serverHello = answerHello(this.#crypto, hello, suite, this.#sessionIds.issue(this.#crypto))
    // The HelloVerifyRequest before it had the message_seq of the first ClientHello, and we keep no count (RFC 6347 §4.2.2).
    const { messageSeq } = message
    const former = formers.at(-1)
    const handshake: AwaitKeyExchange = {
      _tag: "AwaitKeyExchange",
      peer: former?.peer ?? { key: peer.key, address: copyBytes(peer.address) },
      deadline: now + this.#limits.handshakeTimeoutMillis,
      clientHello: packBytes(encodeHandshake(message.type, messageSeq, message.body)),
      serverHello: packBytes(encodeServerHello(serverHello)),
      connectionId: packBytes(serverHello.extensions.connectionId ?? emptyBytes),
      plaintextBytesMax: agreementOf(hello, serverHello, suite).toClientBytesMax,
      messageSeq: messageSeq + 1,
      nextSequence: sequence,
      formers,
      exchanges: none,
      kept: former?.kept,
      keptBytes: former?.keptBytes ?? 0
    }
    this.#handshakes.set(peer.key, handshake)
    return this.#sendFlight(handshake)
  }

  /**
   * The handshakes that the peer's new ClientHello, of so many bytes, leaves of those before it; they are taken out. Somebody who
   * copies a hello has its cookie, so those of one cookie give way to each other. Undefined, and all stay, if so large a one would displace
   * another cookie's.
   */
  #takeFormers(
    now: number,
    peer: Peer,
    cookie: Uint8Array,
    helloBytes: number
  ): ReadonlyArray<AwaitKeyExchange> | undefined {
    const { alternativesPerPeerMax, clientHelloBytesMax } = this.#limits
    const known = this.#handshakes.get(peer.key)
    if (known === undefined) return none
    const formers = answeredOf(known).filter(({ deadline }) => deadline > now)
    const bytes = () => formers.reduce((sum, { clientHello }) => sum + clientHello.length, helloBytes)
    const isLarge = helloBytes > clientHelloBytesMax / alternativesPerPeerMax
    while (formers.length >= alternativesPerPeerMax || (formers.length > 0 && bytes() > clientHelloBytesMax)) {
      const at = leastMissed(formers, cookie)
      if (isLarge && formers.length < alternativesPerPeerMax && !hasCookie(formers[at]!, cookie)) return undefined
      formers.splice(at, 1)
    }
    this.#handshakes.delete(peer.key)
    for (const former of formers) former.formers = none
    return formers
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

  /** `next`: where the record behind the fragment's begins. */
  #handleKeyExchange(
    { datagram, now, peer }: Heard,
    handshake: FrontHandshake,
    fragment: HandshakeFragment,
    next: number
  ): FrontOutcome {
    const notMeant = isHandedOff(handshake) ? forward : dropped("UnexpectedHandshake")
    const newest = newestAnswered(handshake)
    if (newest === undefined || fragment.type !== HandshakeType.client_key_exchange) return notMeant
    const alternatives = answeredOf(handshake).filter(
      ({ deadline, messageSeq }) => messageSeq === fragment.messageSeq && deadline > now
    )
    if (alternatives.length === 0) return notMeant
    const { alternativesPerPeerMax, bytesPerPeerMax, identityBytesMax } = this.#limits
    if (fragment.length > 2 + identityBytesMax) return dropped("IdentityTooLong")
    // The pieces that came before don't matter: they may be forged.
    const body = isWhole(fragment) ? fragment.fragment : this.#putTogether(newest, fragment)
    if (body === undefined) return kept
    const message = { type: fragment.type, messageSeq: fragment.messageSeq, body }
    const exchange = decodeClientKeyExchange(body)
    // Possibly forged: leave the peer the chance to send its own.
    if (Result.isFailure(exchange)) return dropped("MalformedClientKeyExchange")
    const packed = packBytes(body)
    if (newest.exchanges.includes(packed)) return forward
    const { peer: proved } = newest
    const moved = proved.key !== peer.key
    const more = moved ? emptyBytes : wholeRecords(datagram.subarray(next), bytesPerPeerMax)
    // Bytes that came with the key exchange are its client's more probably than those before it.
    const before = newest.keptBytes + more.length > bytesPerPeerMax ? [] : (newest.kept ?? [])
    const half = encodeHalf({
      address: proved.address,
      alternatives: withConnectionIdOf(datagram, alternatives).map((answered) => ({
        nextSequence: answered.nextSequence,
        clientHello: unpackBytes(answered.clientHello),
        messages: [...flightOf(answered), message]
      })),
      records: more.length === 0 ? before : [...before, more]
    })
    this.#handshakes.handOff(newest, packed, alternativesPerPeerMax)
    const waitedMillis = now - (newest.deadline - this.#limits.handshakeTimeoutMillis)
    const identity = exchange.success.pskIdentity
    return { _tag: "HandOff", identity, half, movedFrom: moved ? proved : undefined, waitedMillis }
  }

  /** The body of the client's key exchange, once it is complete. */
  #putTogether({ exchanges, peer }: AwaitKeyExchange, fragment: HandshakeFragment): Uint8Array | undefined {
    let pieces = this.#pieces.get(peer.key)
    if (pieces?.messageSeq !== fragment.messageSeq) {
      pieces = new ExchangePieces(fragment.messageSeq, this.#limits.versionsPerPeerMax)
    }
    // It becomes the newest: who sends pieces keeps them.
    this.#pieces.set(sourceOf(peer.key), peer.key, pieces)
    return pieces.add(fragment, (body) => exchanges.includes(packBytes(body)))
  }

  #keep(handshake: FrontHandshake, record: Uint8Array): FrontOutcome {
    const newest = newestAnswered(handshake)
    if (newest === undefined) return dropped("UnexpectedRecord")
    if (newest.keptBytes + record.length > this.#limits.bytesPerPeerMax) return dropped("BufferFull")
    ;(newest.kept ??= []).push(copyBytes(record))
    newest.keptBytes += record.length
    return kept
  }
}

/** A datagram as it came, with what is known of its peer. */
interface Heard {
  readonly now: number
  readonly peer: Peer
  readonly datagram: Uint8Array
  readonly handshake: FrontHandshake | undefined
  readonly admit: Admit
}

/** A ClientHello whose cookie proved its peer's address. */
interface ProvedHello {
  readonly peer: Peer
  readonly message: HandshakeMessage
  /** `message`, decoded. */
  readonly hello: ClientHello
  /** Of the record that it came in. */
  readonly sequence: number
  readonly suite: CipherSuite
}

const none: ReadonlyArray<never> = []

/** Whether a peer whose address is proved may begin a handshake. `cookie`: what proved it; anybody who saw it can copy it. */
export type Admit = (now: number, peer: Peer, cookie: Uint8Array) => boolean
const admitAll: Admit = () => true

/**
 * Our record numbers continue the client's, which may begin anywhere. The allowance above takes a flight in fragments of 64 bytes a hundred
 * times a second. It does so ten times over, for as long as a handshake may last.
 */
const clientHelloSequenceMax = 2 ** 48 - 2 ** 24

const defaultSuites: ReadonlyArray<CipherSuite> = [TLS_PSK_WITH_AES_128_CCM_8, TLS_PSK_WITH_AES_128_CBC_SHA256]
