import * as Result from "effect/Result"
import { type AlertName, alertName, AlertLevel, decodeAlert, encodeAlert, fatalAlert } from "../Alert.ts"
import type { CipherSuite } from "../CipherSuite.ts"
import type { SealError } from "../errors.ts"
import { agreementOf } from "../handshake/Agreement.ts"
import { type ClientHello, encodeClientHello } from "../handshake/ClientHello.ts"
import { encodeClientKeyExchange } from "../handshake/ClientKeyExchange.ts"
import { type FlightLimits, packRecords, plaintextRecords } from "../handshake/Flight.ts"
import {
  encodeHandshake,
  type HandshakeFragment,
  type HandshakeMessage,
  HandshakeType,
  isWhole,
  readHandshakeFragment
} from "../handshake/Header.ts"
import { decodeHelloVerifyRequest } from "../handshake/HelloVerifyRequest.ts"
import { Reassembly } from "../handshake/Reassembly.ts"
import { decodeServerHello, type ServerHello } from "../handshake/ServerHello.ts"
import { Transcript } from "../handshake/Transcript.ts"
import { copyBytes, equalBytes, packBytes } from "../internal/bytes.ts"
import {
  classicMasterSecret,
  deriveKeyBlock,
  extendedMasterSecret,
  pskPremasterSecret,
  randomBytesLength,
  verifyData
} from "../KeySchedule.ts"
import { backHalfLimits, frontHalfLimits } from "../Limits.ts"
import { ContentType, encodePlaintextRecord, readRecord, type RecordView } from "../record/Header.ts"
import { plaintextBytesMax } from "../record/Protection.ts"
import { AwaitFinished } from "../server/AwaitFinished.ts"
import { changeCipherSpec, Session } from "../Session.ts"
import { type ClientOptions, clientReassemblyLimits, defaultTiming, earlyBytesMax } from "./ClientOptions.ts"
import { type ClientOutput, transmits } from "./ClientOutput.ts"
import { offerOf, refusalOf, resumedSession } from "./Offer.ts"
import { type FlightSender, Retransmission } from "./Retransmission.ts"

type Stage =
  /** A ClientHello is out. */
  | { readonly _tag: "AwaitServerHello" }
  /** ServerHello came, the full handshake goes on. */
  | { readonly _tag: "AwaitServerHelloDone"; readonly hello: ServerHello; readonly suite: CipherSuite }
  /** ServerHello took up our session: its Finished comes first. */
  | {
      readonly _tag: "AwaitResumedFinished"
      readonly awaited: AwaitFinished
      readonly session: Session
      readonly verifyData: Uint8Array
    }
  /** ClientKeyExchange, ChangeCipherSpec and Finished are out. */
  | {
      readonly _tag: "AwaitFinished"
      readonly awaited: AwaitFinished
      readonly session: Session
      readonly verifyData: Uint8Array
    }
  | { readonly _tag: "Established"; readonly session: Session }
  | { readonly _tag: "Closed" }

/**
 * The client of a DTLS 1.2 PSK session, for devices in software and for tests. Pure state: inputs are `start`,
 * `handleDatagram`, `handleTimeout`, `send`, `close`; outputs are returned as data; `deadline` says when to call
 * `handleTimeout`. `now` in milliseconds.
 *
 *     ClientHello ──HelloVerifyRequest──► ClientHello + cookie ──ServerHello, ServerHelloDone──► ClientKeyExchange,
 *     ChangeCipherSpec, Finished ──ChangeCipherSpec, Finished──► Established          (full, RFC 6347 §4.2.4)
 *     ClientHello … ──ServerHello, ChangeCipherSpec, Finished──► ChangeCipherSpec, Finished, Established   (resumed)
 */
export class Client {
  readonly #options: ClientOptions
  readonly #cidLength: number
  readonly #random: Uint8Array
  #stage: Stage = { _tag: "AwaitServerHello" }
  #hello: ClientHello
  #helloSeq = 0
  #transcript = new Transcript()
  #reassembly = new Reassembly(clientReassemblyLimits)
  #plaintextSequence = 0
  /** Protected records that came before they could be read. */
  #early: Array<Uint8Array> = []
  #earlyBytes = 0
  readonly #retransmission: Retransmission

  constructor(options: ClientOptions) {
    this.#options = options
    this.#cidLength = options.connectionId?.length ?? 0
    this.#random = options.crypto.randomBytes(randomBytesLength)
    this.#retransmission = new Retransmission(options.timing ?? defaultTiming)
    this.#hello = offerOf(options, this.#random)
  }

  get deadline(): number | undefined {
    return this.#retransmission.deadline
  }

  get session(): Session | undefined {
    return this.#stage._tag === "Established" ? this.#stage.session : undefined
  }

  start(now: number): ReadonlyArray<ClientOutput> {
    return this.#sendHello(now, "ClientHello")
  }

  handleDatagram(now: number, datagram: Uint8Array): ReadonlyArray<ClientOutput> {
    const outputs: Array<ClientOutput> = []
    for (let offset = 0; offset < datagram.length;) {
      if (this.#stage._tag === "Established") {
        offset = this.#openRecord(this.#stage.session, datagram, offset, outputs)
        continue
      }
      const record = readRecord(datagram, offset, this.#cidLength)
      if (record === undefined || this.#stage._tag === "Closed") break
      this.#handleRecord(now, record, datagram.subarray(offset, record.next), outputs)
      offset = record.next
    }
    return outputs
  }

  handleTimeout(now: number): ReadonlyArray<ClientOutput> {
    const outputs = this.#retransmission.handleTimeout(now)
    if (outputs !== "GivenUp") return outputs
    return this.#close("timeout", timeoutReason[this.#stage._tag] ?? "no answer")
  }

  /** One record of application data. */
  send(plaintext: Uint8Array): Result.Result<Uint8Array, SealError> {
    const { session } = this
    if (session === undefined) return Result.fail({ by: "local", reason: "SessionClosed" })
    return session.seal(this.#options.crypto, ContentType.application_data, plaintext)
  }

  /** Sends close_notify if there is a session; the session may still be resumed. */
  close(): ReadonlyArray<ClientOutput> {
    const alert = this.session?.closeNotify(this.#options.crypto)
    const closed = this.#close("local", "close was called")
    if (alert === undefined || Result.isFailure(alert)) return closed
    return [...transmits([alert.success], "close_notify"), ...closed]
  }

  #handleRecord(now: number, record: RecordView, bytes: Uint8Array, outputs: Array<ClientOutput>): void {
    const isProtected = record.epoch > 0 || record.contentType === ContentType.tls12_cid
    if (isProtected || record.contentType === ContentType.change_cipher_spec) {
      this.#handleProtected(bytes, outputs)
    } else if (record.contentType === ContentType.alert) {
      // Forgeable, as all of the handshake is up to Finished; heeded, since the device may then try again at once.
      const alert = decodeAlert(record.fragment)
      if (alert?.level === AlertLevel.fatal) outputs.push(...this.#close("peer", alertName(alert.description)))
    } else if (record.contentType === ContentType.handshake) {
      this.#handleFragments(now, record.fragment, outputs)
    }
  }

  #handleFragments(now: number, content: Uint8Array, outputs: Array<ClientOutput>): void {
    for (let at = 0; at < content.length;) {
      const fragment = readHandshakeFragment(content, at)
      if (fragment === undefined) return
      at = fragment.next
      if (fragment.type === HandshakeType.hello_verify_request) this.#handleVerifyRequest(now, fragment, outputs)
      else this.#reassembly.add(fragment)
    }
    for (let message = this.#reassembly.take(); message !== undefined; message = this.#reassembly.take()) {
      this.#handleMessage(now, message, outputs)
    }
  }

  /** The first ClientHello and this message do not enter the transcript (RFC 6347 §4.2.6). */
  #handleVerifyRequest(now: number, fragment: HandshakeFragment, outputs: Array<ClientOutput>): void {
    if (this.#stage._tag !== "AwaitServerHello" || !isWhole(fragment)) return
    const request = decodeHelloVerifyRequest(fragment.fragment)
    if (Result.isFailure(request) || equalBytes(request.success.cookie, this.#hello.cookie)) return
    this.#hello = { ...this.#hello, cookie: copyBytes(request.success.cookie) }
    this.#helloSeq++
    this.#reassembly = new Reassembly(clientReassemblyLimits, this.#helloSeq)
    outputs.push(...this.#sendHello(now, "ClientHello with cookie"))
  }

  #handleMessage(now: number, message: HandshakeMessage, outputs: Array<ClientOutput>): void {
    const stage = this.#stage
    // Finished comes protected; nothing in plaintext counts any more (D1).
    if (stage._tag === "AwaitFinished" || stage._tag === "AwaitResumedFinished" || stage._tag === "Closed") return
    if (stage._tag === "AwaitServerHello" && message.type === HandshakeType.server_hello) {
      this.#handleServerHello(message, outputs)
    } else if (stage._tag === "AwaitServerHelloDone" && message.type === HandshakeType.server_key_exchange) {
      // Only an identity hint (RFC 4279 §2), which a device has no use for.
      this.#transcript.append(message)
    } else if (stage._tag === "AwaitServerHelloDone" && message.type === HandshakeType.server_hello_done) {
      this.#transcript.append(message)
      this.#finish(now, stage.hello, stage.suite, message.messageSeq + 1, outputs)
    } else {
      outputs.push(
        ...this.#refuse("unexpected_message", `the server sent handshake message ${message.type} out of place`)
      )
    }
  }

  #handleServerHello(message: HandshakeMessage, outputs: Array<ClientOutput>): void {
    const decoded = decodeServerHello(message.body)
    if (Result.isFailure(decoded)) {
      outputs.push(...this.#refuse("decode_error", `the ServerHello is malformed: ${decoded.failure.reason}`))
      return
    }
    const hello = decoded.success
    const resumed = resumedSession(this.#options, hello)
    const refusal = refusalOf(this.#hello, hello, resumed)
    if (refusal !== undefined) {
      outputs.push(...this.#refuse(refusal.alert, refusal.reason))
      return
    }
    // `refusalOf` has seen that it is one of ours.
    const suite = hello.cipherSuite as CipherSuite
    this.#transcript.append({
      type: HandshakeType.client_hello,
      messageSeq: this.#helloSeq,
      body: encodeClientHello(this.#hello)
    })
    this.#transcript.append(message)
    if (resumed === undefined) {
      this.#stage = { _tag: "AwaitServerHelloDone", hello, suite }
      return
    }
    const { crypto } = this.#options
    const { masterSecret } = resumed
    const session = this.#sessionOf(hello, suite, masterSecret)
    const expected = verifyData(crypto, "server", masterSecret, this.#transcript.hash(crypto))
    const messageSeq = message.messageSeq + 1
    this.#transcript.append({ type: HandshakeType.finished, messageSeq, body: expected })
    const own = verifyData(crypto, "client", masterSecret, this.#transcript.hash(crypto))
    const awaited = new AwaitFinished(session, expected, messageSeq, backHalfLimits)
    this.#stage = { _tag: "AwaitResumedFinished", awaited, session, verifyData: own }
    this.#replayEarly(outputs)
  }

  /** Everything is known: derives the keys and sends the last flight of the full handshake. */
  #finish(
    now: number,
    hello: ServerHello,
    suite: CipherSuite,
    serverFinishedSeq: number,
    outputs: Array<ClientOutput>
  ): void {
    const { crypto, identity, psk } = this.#options
    const keyExchange = {
      type: HandshakeType.client_key_exchange,
      messageSeq: this.#helloSeq + 1,
      body: encodeClientKeyExchange({ pskIdentity: identity })
    }
    this.#transcript.append(keyExchange)
    const premaster = pskPremasterSecret(psk)
    const hash = this.#transcript.hash(crypto)
    const master =
      hello.extensions.extendedMasterSecret && this.#hello.extensions.extendedMasterSecret
        ? extendedMasterSecret(crypto, premaster, hash)
        : classicMasterSecret(crypto, premaster, this.#random, hello.random)
    const session = this.#sessionOf(hello, suite, master)
    const messageSeq = this.#helloSeq + 2
    const own = verifyData(crypto, "client", master, hash)
    this.#transcript.append({ type: HandshakeType.finished, messageSeq, body: own })
    const expected = verifyData(crypto, "server", master, this.#transcript.hash(crypto))
    const awaited = new AwaitFinished(session, expected, serverFinishedSeq, backHalfLimits)
    this.#stage = { _tag: "AwaitFinished", awaited, session, verifyData: own }
    const send: FlightSender = (transmission) => {
      const limits = this.#flightLimits(session)
      const records = [...plaintextRecords([keyExchange], this.#plaintextSequence, limits)]
      this.#plaintextSequence += records.length
      records.push(encodePlaintextRecord(ContentType.change_cipher_spec, this.#plaintextSequence++, changeCipherSpec))
      const finished = session.seal(
        crypto,
        ContentType.handshake,
        encodeHandshake(HandshakeType.finished, messageSeq, own)
      )
      if (Result.isSuccess(finished)) records.push(finished.success)
      return transmits(packRecords(records, limits.datagramBytesMax), lastFlightName, transmission)
    }
    outputs.push(...this.#retransmission.start(now, send))
    this.#replayEarly(outputs)
  }

  #handleProtected(bytes: Uint8Array, outputs: Array<ClientOutput>): void {
    const stage = this.#stage
    if (stage._tag !== "AwaitFinished" && stage._tag !== "AwaitResumedFinished") {
      if (this.#earlyBytes + bytes.length > earlyBytesMax) return
      this.#earlyBytes += bytes.length
      this.#early.push(copyBytes(bytes))
      return
    }
    const { awaited, session } = stage
    if (awaited.handle(this.#options.crypto, bytes) !== "Verified") return
    const resumed = stage._tag === "AwaitResumedFinished"
    this.#stage = { _tag: "Established", session }
    this.#retransmission.stop()
    if (resumed) this.#answerResumption(session, stage.verifyData, outputs)
    outputs.push({ _tag: "Connected", session, resumed })
    for (const record of awaited.early) this.#openRecord(session, record, 0, outputs)
  }

  /** Our last flight of a resumption; sent again whenever the server repeats its Finished (RFC 6347 §4.2.4). */
  #answerResumption(session: Session, own: Uint8Array, outputs: Array<ClientOutput>): void {
    session.lastFlight = {
      verifyData: packBytes(own),
      messageSeq: this.#helloSeq + 1,
      plaintextSequence: this.#plaintextSequence
    }
    const flight = session.resendLastFlight(this.#options.crypto)
    if (flight !== undefined && Result.isSuccess(flight)) {
      outputs.push(...transmits([flight.success], "ChangeCipherSpec, Finished"))
    }
  }

  #openRecord(session: Session, datagram: Uint8Array, offset: number, outputs: Array<ClientOutput>): number {
    const opened = session.open(this.#options.crypto, datagram, offset)
    if (opened._tag === "ApplicationData") outputs.push({ _tag: "Data", plaintext: opened.plaintext })
    else if (opened._tag === "Answer") outputs.push(...transmits([opened.bytes], opened.reason))
    else if (opened._tag === "Closed") outputs.push(...this.#close("peer", opened.alert))
    return opened.next
  }

  #replayEarly(outputs: Array<ClientOutput>): void {
    const early = this.#early
    this.#early = []
    this.#earlyBytes = 0
    for (const bytes of early) this.#handleProtected(bytes, outputs)
  }

  #sessionOf(hello: ServerHello, suite: CipherSuite, masterSecret: Uint8Array): Session {
    const keys = deriveKeyBlock(this.#options.crypto, suite, masterSecret, this.#random, hello.random)
    return Session.of("client", agreementOf(this.#hello, hello, suite), keys, masterSecret, copyBytes(hello.sessionId))
  }

  #sendHello(now: number, flight: string): ReadonlyArray<ClientOutput> {
    return this.#retransmission.start(now, (transmission) => {
      const limits = this.#flightLimits(undefined)
      const body = encodeClientHello(this.#hello)
      const message = { type: HandshakeType.client_hello, messageSeq: this.#helloSeq, body }
      const records = plaintextRecords([message], this.#plaintextSequence, limits)
      this.#plaintextSequence += records.length
      return transmits(packRecords(records, limits.datagramBytesMax), flight, transmission)
    })
  }

  #flightLimits(session: Session | undefined): FlightLimits {
    return {
      plaintextBytesMax: session?.writeBytesMax ?? plaintextBytesMax,
      datagramBytesMax: this.#options.datagramBytesMax ?? frontHalfLimits.datagramBytesMax
    }
  }

  /** Ends the handshake and tells the server why (RFC 5246 §7.2.2). */
  #refuse(alert: AlertName, reason: string): ReadonlyArray<ClientOutput> {
    const bytes = encodeAlert(fatalAlert(alert))
    const record = encodePlaintextRecord(ContentType.alert, this.#plaintextSequence++, bytes)
    return [...transmits([record], `alert ${alert}`), ...this.#close("local", reason)]
  }

  #close(by: "peer" | "local" | "timeout", reason: string): ReadonlyArray<ClientOutput> {
    if (this.#stage._tag === "Closed") return []
    this.#stage = { _tag: "Closed" }
    this.#retransmission.stop()
    return [{ _tag: "Closed", by, reason }]
  }
}

const lastFlightName = "ClientKeyExchange, ChangeCipherSpec, Finished"

/** The meaning of silence at each stage; a server that hides its reason for a refusal answers a wrong key with it. */
const timeoutReason: Readonly<Record<string, string>> = {
  AwaitServerHello: "no server answered the ClientHello",
  AwaitServerHelloDone: "the server's flight did not arrive whole",
  AwaitResumedFinished: "the server's Finished did not arrive",
  AwaitFinished:
    "the server did not accept our Finished: wrong key, unknown or disabled device, wrong SecureMode or Lifetime"
}
