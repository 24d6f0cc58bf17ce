import * as Result from "effect/Result"
import { encodeAlert, fatalAlert } from "./Alert.ts"
import type { Crypto } from "./Crypto.ts"
import type { StateError } from "./errors.ts"
import { type Agreement, agreementOf } from "./handshake/Agreement.ts"
import { type ClientHello, decodeClientHello } from "./handshake/ClientHello.ts"
import { packRecords, plaintextRecords } from "./handshake/Flight.ts"
import { encodeHandshake, type HandshakeMessage, HandshakeType, wholeMessage } from "./handshake/Header.ts"
import { decodeServerHello, encodeServerHello, type ServerHello } from "./handshake/ServerHello.ts"
import { Transcript } from "./handshake/Transcript.ts"
import { equalBytes } from "./internal/bytes.ts"
import { deriveKeyBlock, verifyData } from "./KeySchedule.ts"
import { type BackHalfLimits, backHalfLimits, frontHalfLimits } from "./Limits.ts"
import type { HandshakeOutcome } from "./PendingHandshake.ts"
import { ContentType, encodePlaintextRecord } from "./record/Header.ts"
import { AwaitFinished } from "./server/AwaitFinished.ts"
import { decodeResumeHello, encodeResumeHello } from "./server/HalfHandshake.ts"
import { answerHello } from "./server/Negotiation.ts"
import { changeCipherSpec, Session } from "./Session.ts"

export interface ResumeOptions {
  readonly crypto: Crypto
  /** From the front half's `Resume`, or `PendingResumption.half` of another process that answered it. */
  readonly hello: Uint8Array
  /** The session that the hello asks for; it stays as it is. */
  readonly session: Session
  readonly limits?: BackHalfLimits
  /** First record number of the session to be: whoever answered the hello before may have used those below. */
  readonly writeSequence?: number
}

/**
 * Why the session is not resumed; the full handshake goes on, by the edge's `resumeMissed`.
 *
 * - `OtherSession`: the hello asks for another session id
 * - `ExtendedMasterSecretAdded`: RFC 7627 §5.3, the session was established without and the client now offers it
 * - `SuiteNotOffered`: RFC 5246 §7.4.1.2, the client no longer offers the session's suite
 */
export type ResumeMiss = "OtherSession" | "ExtendedMasterSecretAdded" | "SuiteNotOffered"

export type ResumeOutcome =
  | { readonly _tag: "Resumed"; readonly pending: PendingResumption; readonly reply: ReadonlyArray<Uint8Array> }
  | { readonly _tag: "Missed"; readonly reason: ResumeMiss }
  /** RFC 7627 §5.3: the session has an extended master secret, the hello does not offer it; a fatal alert goes out. */
  | { readonly _tag: "Aborted"; readonly reply: ReadonlyArray<Uint8Array> }
  /** The hello has an answer that made this very session. */
  | { readonly _tag: "Done" }

/**
 * The abbreviated handshake (RFC 5246 §7.3). ServerHello, ChangeCipherSpec and Finished come of an earlier session's
 * master secret, with new randoms, new keys and new connection ids. The session of the result counts only when the
 * client's Finished verified.
 */
export function resumeHandshake(options: ResumeOptions): Result.Result<ResumeOutcome, StateError> {
  const { crypto, session } = options
  return Result.flatMap(decodeResumeHello(options.hello), ({ address, sequence, clientHello, serverHello }) => {
    const message = wholeMessage(clientHello)
    const decoded = decodeClientHello(message.body)
    if (Result.isFailure(decoded)) {
      return Result.fail<StateError>({ by: "local", reason: "IllegalValue", expected: "ClientHello" })
    }
    const hello = decoded.success
    const asked = { address, sequence, clientHello: message, hello }
    const miss = missOf(hello, session)
    if (miss !== undefined) return Result.succeed<ResumeOutcome>({ _tag: "Missed", reason: miss })
    if (session.extendedMasterSecret && !hello.extensions.extendedMasterSecret) {
      const alert = encodeAlert(fatalAlert("handshake_failure"))
      const reply = [encodePlaintextRecord(ContentType.alert, sequence, alert)]
      return Result.succeed<ResumeOutcome>({ _tag: "Aborted", reply })
    }
    if (serverHello.length === 0) {
      const answer = answerHello(crypto, hello, session.suite, session.sessionId)
      const pending = new PendingResumption(crypto, { ...asked, answer }, session, options.limits)
      return Result.succeed<ResumeOutcome>({ _tag: "Resumed", pending, reply: pending.sendFlight(crypto) })
    }
    const answered = decodeServerHello(serverHello)
    if (Result.isFailure(answered)) {
      return Result.fail<StateError>({ by: "local", reason: "IllegalValue", expected: "ServerHello" })
    }
    const answer = answered.success
    const pending = new PendingResumption(crypto, { ...asked, answer }, session, options.limits)
    if (session.hasKeysOf(pending.session)) return Result.succeed<ResumeOutcome>({ _tag: "Done" })
    pending.goOn(options.writeSequence ?? 0)
    // The client has the flight, or repeats its hello, or sends data, for which the flight goes out.
    return Result.succeed<ResumeOutcome>({ _tag: "Resumed", pending, reply: [] })
  })
}

/** A hello that asks for a resumption, and what was answered. */
interface AnsweredHello {
  /** `Peer.address` of the client. */
  readonly address: Uint8Array
  readonly clientHello: HandshakeMessage
  /** `clientHello`, decoded. */
  readonly hello: ClientHello
  /** Of the record that it came in. */
  readonly sequence: number
  readonly answer: ServerHello
}

/** Our Finished is out, the client's is awaited. */
export class PendingResumption {
  /** `Peer.address` of the client. */
  readonly address: Uint8Array
  readonly sessionId: Uint8Array
  /** The session to be: its connection ids are those to route by. */
  readonly session: Session
  readonly #clientHello: HandshakeMessage
  readonly #serverHello: HandshakeMessage
  readonly #verifyData: Uint8Array
  readonly #await: AwaitFinished
  readonly #sequence: number
  #nextSequence: number
  /** When our flight was repeated because of protected records that wait for Finished. */
  #repeatedAt = -Infinity

  constructor(
    crypto: Crypto,
    { address, answer, clientHello, hello, sequence }: AnsweredHello,
    resumed: Session,
    limits: BackHalfLimits = backHalfLimits
  ) {
    const { masterSecret, sessionId, suite } = resumed
    const { messageSeq } = clientHello
    const agreement = withLimitOf(resumed, hello, agreementOf(hello, answer, suite))
    const keys = deriveKeyBlock(crypto, suite, masterSecret, hello.random, answer.random)
    this.address = address
    this.sessionId = sessionId
    this.session = Session.of("server", agreement, keys, masterSecret, sessionId)
    this.#clientHello = clientHello
    this.#serverHello = { type: HandshakeType.server_hello, messageSeq, body: encodeServerHello(answer) }
    this.#sequence = sequence
    this.#nextSequence = sequence
    const transcript = new Transcript()
    transcript.append(clientHello)
    transcript.append(this.#serverHello)
    this.#verifyData = verifyData(crypto, "server", masterSecret, transcript.hash(crypto))
    const expected = verifyData(crypto, "client", masterSecret, transcript.hashWith(crypto, this.#finished))
    this.#await = new AwaitFinished(this.session, expected, messageSeq + 1, limits)
  }

  /**
   * True if `hello`, from the front half's `Resume`, is the one already answered and nothing of the client's was seen since:
   * `sendFlight` answers it again. A client that sends the same hello after its own records has begun anew. Keys of the same
   * randoms would protect other records under the same numbers.
   */
  answers(hello: Uint8Array): boolean {
    if (this.#await.seen) return false
    const decoded = decodeResumeHello(hello)
    if (Result.isFailure(decoded)) return false
    return equalBytes(wholeMessage(decoded.success.clientHello).body, this.#clientHello.body)
  }

  /** Another process goes on with this: the hello as it came, with our answer. */
  get half(): Uint8Array {
    const { body, messageSeq, type } = this.#clientHello
    return encodeResumeHello({
      address: this.address,
      sequence: this.#sequence,
      clientHello: encodeHandshake(type, messageSeq, body),
      serverHello: this.#serverHello.body
    })
  }

  /** Whether this is what `half` gives. */
  isHalf(half: Uint8Array): boolean {
    return equalBytes(half, this.half)
  }

  /** Another process began it: that one's record numbers are not used again. */
  goOn(writeSequence: number): void {
    this.session.writeSequence = writeSequence
  }

  /**
   * ServerHello, ChangeCipherSpec and Finished as datagrams, in new records every time. To be sent again when the client
   * repeats its hello.
   */
  sendFlight(crypto: Crypto): ReadonlyArray<Uint8Array> {
    const { datagramBytesMax } = frontHalfLimits
    const hello = plaintextRecords([this.#serverHello], this.#nextSequence, {
      plaintextBytesMax: this.session.writeBytesMax,
      datagramBytesMax
    })
    this.#nextSequence += hello.length + 1
    const { type, messageSeq, body } = this.#finished
    const finished = this.session.seal(crypto, ContentType.handshake, encodeHandshake(type, messageSeq, body))
    if (Result.isFailure(finished)) return []
    const change = encodePlaintextRecord(ContentType.change_cipher_spec, this.#nextSequence - 1, changeCipherSpec)
    return packRecords([...hello, change, finished.success], datagramBytesMax)
  }

  /**
   * `now` in milliseconds. A client whose Finished was lost sends nothing but data, which waits in vain; RFC 6347 §4.2.4
   * has the server repeat its flight then. Data that is alone stands in for a timer. It does so at once: the client's own next
   * transmission may be 3 s away. Data that merely overtook Finished costs one flight.
   */
  handleDatagram(crypto: Crypto, now: number, datagram: Uint8Array): HandshakeOutcome {
    const outcome = this.#await.handle(crypto, datagram)
    if (outcome === "NeedMore") return { _tag: "NeedMore", reply: this.#repeatIfDue(crypto, now) }
    if (outcome !== "Verified") return { _tag: "Rejected", reason: outcome }
    return { _tag: "Established", session: this.session, reply: [], early: this.#await.early }
  }

  #repeatIfDue(crypto: Crypto, now: number): ReadonlyArray<Uint8Array> {
    if (this.#await.early.length === 0) return []
    if (now - this.#repeatedAt < resendMillisMin) return []
    this.#repeatedAt = now
    return this.sendFlight(crypto)
  }

  get #finished(): HandshakeMessage {
    return { type: HandshakeType.finished, messageSeq: this.#serverHello.messageSeq + 1, body: this.#verifyData }
  }
}

const resendMillisMin = 1000

/**
 * A max_fragment_length holds for the resumed session too, whether the client says it again or not (RFC 6066 §4). A
 * record_size_limit does not (RFC 8449 §5), but what the session keeps is the limit alone, and a smaller record is never wrong.
 */
function withLimitOf(resumed: Session, { extensions }: ClientHello, agreement: Agreement): Agreement {
  if (extensions.maxFragmentLength !== undefined || extensions.recordSizeLimit !== undefined) return agreement
  return { ...agreement, toClientBytesMax: Math.min(agreement.toClientBytesMax, resumed.writeBytesMax) }
}

function missOf(hello: ClientHello, session: Session): ResumeMiss | undefined {
  if (session.sessionIdLength === 0 || !equalBytes(hello.sessionId, session.sessionId)) return "OtherSession"
  if (!hello.cipherSuites.includes(session.suite)) return "SuiteNotOffered"
  if (!session.extendedMasterSecret && hello.extensions.extendedMasterSecret) return "ExtendedMasterSecretAdded"
  return undefined
}

/** The session id that a hello from the front half's `Resume` asks for; undefined if it can't be read. */
export function resumeSessionId(hello: Uint8Array): Uint8Array | undefined {
  const decoded = decodeResumeHello(hello)
  if (Result.isFailure(decoded)) return undefined
  const clientHello = decodeClientHello(wholeMessage(decoded.success.clientHello).body)
  return Result.isSuccess(clientHello) ? clientHello.success.sessionId : undefined
}
