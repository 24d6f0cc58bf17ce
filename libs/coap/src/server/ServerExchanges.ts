/**
 * The server side of one DTLS session's CoAP: message layer (RFC 7252 §4), matching of requests and responses (§5.2, §5.3) and
 * block-wise transfer (RFC 7959). Pure state: `handle*` and `respond` take the time and return what to do; `deadline` says when to
 * call `handleTimeout`. `now` is in milliseconds and must not run backwards.
 *
 *   request ──► Working ──respond──────────────► Answered: ACK with the response
 *                  └──ackDelay──► Acknowledged ──respond──► Answered: empty ACK, and a CON of its own until ACK, RST or timeout
 *
 * One instance serves one epoch of one session; a response must not cross over to another (RFC 7252 §9.1.1). While `isIdle`, it
 * knows nothing that a new instance would not know: drop it.
 */
import * as Result from "effect/Result"
import { blockOption } from "../Block.ts"
import { Code, codeClass } from "../Code.ts"
import { Confirmables } from "../Confirmables.ts"
import { defaultServerLimits, type ServerLimits } from "../Limits.ts"
import {
  decode,
  encode,
  encodeEmpty,
  type FormatError,
  type Message,
  type MessageType,
  noBytes,
  optionBytes
} from "../Message.ts"
import { type Option, OptionNumber, uintOption } from "../Option.ts"
import { readOptions, type Refusal, type ReplyTo, type RequestEnvelope, requestOf } from "../Request.ts"
import { defaultTuning, type Tuning } from "../Tuning.ts"
import { Blockwise, concernsApplication, isBlockOfMany, needsShape } from "./Blockwise.ts"
import { LastOptions } from "./LastOptions.ts"
import { ignored, type Output, type Outputs, refusing, type Response, transmit, type TransmitCause } from "./Output.ts"
import { messageIdentity } from "./MessageIdentity.ts"
import { type Entry, Remembered, unpack } from "./Remembered.ts"
import { type Owed, owedOf } from "./AcknowledgedEmpty.ts"
import { restoreExchanges, serializeExchanges } from "./Takeover.ts"
import type { LastBlock } from "./Uploads.ts"
import { type Work, Working } from "./Working.ts"

/** Shared by all sessions of a process. */
export interface ServerSettings {
  readonly tuning: Tuning
  readonly limits: ServerLimits
}

export const defaultServerSettings: ServerSettings = { tuning: defaultTuning, limits: defaultServerLimits }

/** The properties that the DTLS session and its device's product give one instance. */
export interface SessionLimits {
  /**
   * Largest message that may go to the peer now, in bytes. It is what a record of the session holds (RFC 7252 §4.6), or less while
   * its address is not proved. Read anew for each message.
   */
  readonly messageBytesMax: number
  /** In place of `ServerLimits.ackDelayMillis`. */
  readonly ackDelayMillis?: number
  /** An empty ACK waits for `acknowledge`: from it on its client repeats nothing, so what it promises is stored before. */
  readonly acksWait?: boolean
}

export class ServerExchanges {
  readonly #settings: ServerSettings
  readonly #session: SessionLimits
  readonly #random: () => number
  readonly #remembered: Remembered
  readonly #working = new Working()
  /** Responses that missed their ACK; made when the first one does. */
  #separate: Confirmables | undefined
  /** The requests that they answer. */
  #unconfirmed: Array<Work> | undefined
  #blockwise: Blockwise | undefined
  #last: LastOptions | undefined
  /** The exchanges of the session before, which another handshake ended. */
  #former: Remembered | undefined
  #nextMessageId: number
  #nextExchange = 0

  /** `random` returns a number from 0 inclusive to 1 exclusive: jitter and the first message id come from it. */
  constructor(settings: ServerSettings, random: () => number, session: SessionLimits = unlimited) {
    this.#settings = settings
    this.#session = session
    this.#random = random
    this.#remembered = new Remembered(settings.limits.exchangesRememberedMax, settings.limits.cachedResponseBytesMax)
    this.#nextMessageId = Math.floor(random() * 0x10000)
  }

  /** When to call `handleTimeout`, on the clock of `now`; undefined if there is nothing to wait for. */
  get deadline(): number | undefined {
    const at = Math.min(
      this.#remembered.deadline,
      this.#former?.deadline ?? Infinity,
      this.#working.deadline,
      this.#separate?.deadline ?? Infinity,
      this.#blockwise?.deadline ?? Infinity
    )
    return at === Infinity ? undefined : at
  }

  get isIdle(): boolean {
    return this.deadline === undefined
  }

  /** Bytes of bodies and responses held for this session: bounded by the limits, whatever the device sends. */
  get bytesHeld(): number {
    return this.#remembered.replyBytes + (this.#separate?.bytes ?? 0) + (this.#blockwise?.bytes ?? 0)
  }

  /**
   * The state that another process needs to recognise copies of the newest answered requests, and to
   * answer requests that were acknowledged empty. Bodies in assembly and other requests at the
   * application are not part of it: their clients send them again.
   */
  serialize(now: number, countMax: number, replyBytesMax: number): Uint8Array {
    const works = [...(this.#unconfirmed ?? []), ...this.#working.acknowledged]
    return serializeExchanges(now, { remembered: this.#remembered, works }, { countMax, replyBytesMax })
  }

  /** Takes over what `serialize` gave, on an instance that has handled nothing yet. False if the bytes are not that. */
  restore(now: number, bytes: Uint8Array): boolean {
    const works = restoreExchanges(now, bytes, this.#remembered)
    for (const work of works ?? []) this.#working.add({ exchange: this.#nextExchange++, ...work })
    return works !== undefined
  }

  /** Requests that another process acknowledged empty and did not answer, until `respond` does. */
  get owed(): ReadonlyArray<Owed> {
    return owedOf(this.#working.acknowledged)
  }

  /**
   * Facts for another process that has to answer the request. By `name`, ASCII, it can find out whether the request took effect. There is
   * the payload of the answer if so.
   */
  promise(exchange: number, name: string, reply: Uint8Array): void {
    const work = this.#working.find(exchange)
    if (work === undefined) return
    work.name = name
    work.reply = reply
  }

  /** The output of `serialize` since `AckDue` is stored: the empty ACK goes, unless the response came before it. */
  acknowledge(exchange: number): Outputs {
    const entry = this.#working.find(exchange)?.entry
    if (entry === undefined || entry.reply !== undefined) return []
    const bytes = encodeEmpty("ACK", entry.messageId)
    this.#remembered.setReply(entry, bytes)
    return transmit(bytes, "EmptyAck")
  }

  /**
   * The same device's exchanges in the session before this one. `Resumed`: copies of what was answered get the same answer
   * for MAX_TRANSMIT_WAIT, the longest that a client repeats a message (RFC 7252 §4.8.2). `Renewed`, by a full handshake:
   * a device without entropy sends the same bytes at each boot, so its requests are new and `mayRepeat` says more.
   */
  inherit(now: number, former: ServerExchanges, how: "Resumed" | "Renewed"): void {
    const { exchangeLifetimeMillis, maxTransmitWaitMillis } = this.#settings.tuning
    if (how === "Resumed") {
      const shorterMillis = exchangeLifetimeMillis - maxTransmitWaitMillis
      this.#remembered.inherit(now, former.#remembered, shorterMillis, true, this.#session.messageBytesMax)
      this.#former = former.#former
    } else {
      const { limits } = this.#settings
      this.#former = new Remembered(limits.exchangesRememberedMax, 0)
      this.#former.inherit(now, former.#remembered, 0, false)
    }
  }

  /** The DTLS session is over: only what `inherit` may need of it is kept. */
  end(): void {
    this.#working.clear()
    this.#separate = undefined
    this.#unconfirmed = undefined
    this.#blockwise = undefined
  }

  /** `bytes`: the plaintext of one authenticated record. */
  handleMessage(now: number, bytes: Uint8Array): Outputs {
    this.#expire(now)
    const like = this.#last?.read(bytes)
    const decoded = like === undefined ? decode(bytes) : Result.succeed(like)
    if (Result.isFailure(decoded)) return rejectFormat(decoded.failure)
    const message = decoded.success
    if (message.code === Code.Empty) return this.#handleEmpty(now, message)
    const codeClassOfMessage = codeClass(message.code)
    if (codeClassOfMessage === 0) {
      if (message.type === "ACK" || message.type === "RST") return ignored("RequestInAckOrReset")
      return this.#handleRequest(now, message, bytes, like === undefined ? undefined : this.#last)
    }
    const isResponse = codeClassOfMessage === 2 || codeClassOfMessage === 4 || codeClassOfMessage === 5
    return reject(message, isResponse ? "ResponseUnexpected" : "CodeClassReserved")
  }

  /**
   * The application's answer. It goes in the ACK while there is time for that, and later in a CON of its own (RFC 7252 §5.2.2).
   * A NON gets a NON. A body above the block size is kept, and its blocks are served without asking again.
   */
  respond(now: number, exchange: number, response: Response): Outputs {
    const work = this.#working.take(exchange)
    if (work === undefined) return ignored("ExchangeUnknown")
    const { entry, envelope, last } = work
    const { cause, shaped } = this.#shape(now, envelope, response)
    if (last !== undefined) this.#blockwise?.answered(last, shaped)
    if (entry.reply === undefined) return this.#answer(entry, envelope, shaped, cause)
    // The ACK is gone.
    entry.answered = true
    if (isUnwanted(envelope, shaped.code)) return ignored("ResponseUnwanted")
    ;(this.#unconfirmed ??= []).push(work)
    return this.#sendSeparately(now, exchange, envelope.token, shaped)
  }

  /**
   * How many bytes of options, headers included, the response to `exchange` may have whatever its payload is. A block
   * of 16 bytes fits beside them.
   */
  optionBytesMax(exchange: number): number {
    const envelope = this.#working.find(exchange)?.envelope
    if (envelope === undefined) return 0
    return this.#session.messageBytesMax - blockOverheadBytesMax - envelope.token.length
  }

  handleTimeout(now: number): Outputs {
    const outputs: Array<Output> = []
    for (const { exchange } of this.#working.takeDueAcks(now)) {
      if (this.#session.acksWait === true) outputs.push({ _tag: "AckDue", exchange })
      else outputs.push(...this.acknowledge(exchange))
    }
    for (const { exchange, bytes, givenUp } of this.#separate?.handleTimeout(now) ?? []) {
      if (givenUp) outputs.push(...this.#concluded(now, exchange, "TimedOut"))
      else outputs.push({ _tag: "Transmit", bytes, cause: "Retransmission" })
    }
    this.#expire(now)
    return outputs
  }

  #handleEmpty(now: number, message: Message): Outputs {
    if (message.type === "CON") return reject(message, "Pong")
    if (message.type === "NON") return ignored("NonEmpty")
    const exchange = this.#separate?.exchangeOf(message.messageId)
    if (exchange === undefined) return ignored(message.type === "ACK" ? "AckUnexpected" : "ResetUnexpected")
    this.#separate?.conclude(exchange)
    return this.#concluded(now, exchange, message.type === "ACK" ? "Acknowledged" : "Reset")
  }

  #handleRequest(now: number, message: Message, bytes: Uint8Array, last: LastOptions | undefined): Outputs {
    const identity = messageIdentity(bytes)
    const first = this.#remembered.find(now, message.messageId, identity)
    if (first !== undefined) return handleDuplicate(first)

    const read = last === undefined ? readOptions(message.options) : Result.succeed(last.options)
    if (Result.isFailure(read)) {
      // RFC 7252 §5.4.1: a NON with a critical option that is not understood is rejected, and silence is the permitted form.
      if (message.type === "NON" && read.failure.code === Code.BadOption) {
        return refusing(ignored(read.failure.reason), read.failure)
      }
      return this.#refuse(
        this.#remember(now, message, identity),
        { token: message.token, block1: undefined, noResponse: 0 },
        read.failure
      )
    }
    if (last === undefined) this.#last = LastOptions.of(bytes, message, read.success)
    const envelope = requestOf(message, read.success)
    const entry = this.#remember(now, message, identity)
    if (concernsApplication(envelope) && this.#working.size >= this.#settings.limits.exchangesInFlightMax) {
      return this.#refuse(entry, envelope, exchangesExhausted)
    }
    if (isBlockOfMany(envelope)) return this.#handleBlock(now, entry, envelope)
    if (envelope.request.payload.length > this.#settings.limits.requestBodyBytesMax) {
      return this.#refuse(entry, envelope, {
        ...bodyTooLarge,
        detail: { bytes: envelope.request.payload.length, bytesMax: this.#settings.limits.requestBodyBytesMax }
      })
    }
    return this.#deliver(now, entry, envelope)
  }

  #remember(now: number, message: Message, identity: number): Entry {
    const { exchangeLifetimeMillis, nonLifetimeMillis } = this.#settings.tuning
    const confirmable = message.type === "CON"
    const expiresAt = now + (confirmable ? exchangeLifetimeMillis : nonLifetimeMillis)
    return this.#remembered.add(message.messageId, identity, confirmable, expiresAt)
  }

  #deliver(now: number, entry: Entry, envelope: RequestEnvelope, last?: LastBlock): Outputs {
    const exchange = this.#nextExchange++
    if (last !== undefined) last.exchange = exchange
    this.#working.add({ exchange, entry, envelope, ackAt: this.#ackAt(now, entry), name: "", reply: noBytes, last })
    const mayRepeat = this.#former?.find(now, entry.messageId, entry.identity) !== undefined
    return [{ _tag: "Request", exchange, request: envelope.request, mayRepeat }]
  }

  #ackAt(now: number, { confirmable }: Entry): number {
    return confirmable ? now + (this.#session.ackDelayMillis ?? this.#settings.limits.ackDelayMillis) : Infinity
  }

  /** A body is taken once. Its client gave up on the message id before, so what it waits for goes under this one. */
  #repeatLast(now: number, entry: Entry, envelope: RequestEnvelope, last: LastBlock): Outputs {
    if (last.response !== undefined) return this.#answer(entry, envelope, last.response, "Duplicate")
    const work = last.exchange === undefined ? undefined : this.#working.take(last.exchange)
    if (work === undefined) return this.#refuse(entry, envelope, blockMissing)
    work.entry.answered = true
    this.#working.add({ ...work, entry, envelope: { ...work.envelope, ...envelope }, ackAt: this.#ackAt(now, entry) })
    return ignored("DuplicateIgnored")
  }

  #handleBlock(now: number, entry: Entry, envelope: RequestEnvelope): Outputs {
    this.#blockwise ??= new Blockwise(this.#settings.limits, this.#session)
    const step = this.#blockwise.handleRequest(now, envelope)
    switch (step._tag) {
      case "Deliver":
        return this.#deliver(now, entry, step.envelope, step.last)
      case "Repeated":
        return this.#repeatLast(now, entry, envelope, step.last)
      case "Answer":
        return this.#answer(entry, envelope, step.response, step.cause)
      case "Refuse":
        return this.#refuse(entry, envelope, step.refusal)
    }
  }

  #shape(
    now: number,
    envelope: RequestEnvelope,
    response: Response
  ): { readonly shaped: Response; readonly cause: TransmitCause } {
    const { limits } = this.#settings
    if (!needsShape(envelope, response, limits, this.#session.messageBytesMax))
      return { shaped: response, cause: "Response" }
    this.#blockwise ??= new Blockwise(limits, this.#session)
    const shaped = this.#blockwise.shape(now, envelope, response)
    return shaped === undefined ? { shaped: tooLarge, cause: "ResponseTooLarge" } : { shaped, cause: "Response" }
  }

  /** Error responses of the message layer have no payload, no diagnostic either: the contract has none for errors. */
  #refuse(entry: Entry, replyTo: ReplyTo, refusal: Refusal): Outputs {
    const options: Array<Option> = []
    if (replyTo.block1 !== undefined) options.push(blockOption(OptionNumber.Block1, replyTo.block1))
    // RFC 7959 §2.9.3: Size1 says what would have been accepted.
    if (refusal.reason === "BodyTooLarge") {
      options.push(uintOption(OptionNumber.Size1, this.#settings.limits.requestBodyBytesMax))
    }
    // RFC 8516 §3: Max-Age says when to try again.
    if (refusal.code === Code.TooManyRequests) options.push(uintOption(OptionNumber.MaxAge, retryAfterSeconds))
    const answer = this.#answer(entry, replyTo, { code: refusal.code, options, payload: noBytes }, refusal.reason)
    return refusing(answer, refusal)
  }

  #answer(entry: Entry, replyTo: ReplyTo, response: Response, cause: TransmitCause): Outputs {
    const { token } = replyTo
    const unwanted = isUnwanted(replyTo, response.code)
    entry.answered = true
    if (!entry.confirmable) {
      if (unwanted) return ignored("ResponseUnwanted")
      return transmit(encode(withResponse("NON", this.#takeMessageId(), token, response)), cause)
    }
    // RFC 7967 §2: a CON is acknowledged even if its response is unwanted.
    const { messageId } = entry
    const bytes = unwanted ? encodeEmpty("ACK", messageId) : encode(withResponse("ACK", messageId, token, response))
    this.#remembered.setReply(entry, bytes)
    return transmit(bytes, unwanted ? "EmptyAck" : cause)
  }

  #sendSeparately(now: number, exchange: number, token: Uint8Array, response: Response): Outputs {
    this.#separate ??= new Confirmables(this.#settings.tuning, this.#random)
    // A modem that ignores a CON of ours acknowledges none of them: the oldest gives way, and requests go on.
    const displaced: Array<Output> = []
    if (this.#separate.size >= this.#settings.limits.exchangesInFlightMax) {
      const oldest = this.#separate.dropOldest()
      this.#confirm(oldest)
      displaced.push({ _tag: "Concluded", exchange: oldest, outcome: "Displaced" })
    }
    const messageId = this.#takeMessageId()
    // Kept for retransmission, so not as a view of the encoder's block.
    this.#separate.add(exchange, messageId, encode(withResponse("CON", messageId, token, response)).slice())
    return [...displaced, ...this.#releaseSeparate(now)]
  }

  #releaseSeparate(now: number): Outputs {
    const bytes = this.#separate?.release(now)
    return bytes === undefined ? [] : transmit(bytes, "SeparateResponse")
  }

  #concluded(now: number, exchange: number, outcome: "Acknowledged" | "Reset" | "TimedOut"): Outputs {
    this.#confirm(exchange)
    return [{ _tag: "Concluded", exchange, outcome }, ...this.#releaseSeparate(now)]
  }

  /** Nobody waits for this response any more. */
  #confirm(exchange: number): void {
    const left = this.#unconfirmed?.filter((work) => work.exchange !== exchange) ?? []
    this.#unconfirmed = left.length === 0 ? undefined : left
  }

  #takeMessageId(): number {
    const messageId = this.#nextMessageId
    this.#nextMessageId = (messageId + 1) & 0xffff
    return messageId
  }

  #expire(now: number): void {
    this.#working.expire(now)
    this.#remembered.expire(now)
    this.#former?.expire(now)
    this.#blockwise?.expire(now)
  }
}

/** RFC 7252 §4.5: the same CON is acknowledged the same way each time; the same NON is ignored. */
const handleDuplicate = (entry: Entry): Outputs => {
  if (!entry.confirmable) return ignored("DuplicateIgnored")
  if (entry.reply !== undefined) return transmit(unpack(entry.reply), "Duplicate")
  return ignored(entry.answered ? "DuplicateForgotten" : "DuplicateIgnored")
}

/** RFC 7252 §3, §4.2: another version is ignored, a malformed CON is rejected, and ACK and RST are never answered. */
const rejectFormat = ({ reason, type, messageId }: FormatError): Outputs =>
  type === "CON" && messageId !== undefined ? transmit(encodeEmpty("RST", messageId), reason) : ignored(reason)

const reject = (message: Message, cause: "Pong" | "ResponseUnexpected" | "CodeClassReserved"): Outputs => {
  if (message.type === "CON") return transmit(encodeEmpty("RST", message.messageId), cause)
  return ignored(cause === "Pong" ? "NonEmpty" : cause)
}

const withResponse = (type: MessageType, messageId: number, token: Uint8Array, response: Response): Message => ({
  type,
  code: response.code,
  messageId,
  token,
  options: response.options,
  payload: response.payload
})

/** RFC 7967 §2.1. 2.31 is always sent: without it the client would not send the next block, and no response is due yet. */
const isUnwanted = ({ noResponse }: ReplyTo, code: number): boolean =>
  code !== Code.Continue && (noResponse & (1 << (codeClass(code) - 1))) !== 0

/** A record of the size that nobody negotiated holds any message with a block of 1024 bytes. */
const unlimited: SessionLimits = { messageBytesMax: 0x4000 }
/** Header, marker and a block of 16 bytes, with ETag, Block2, Block1 and Size2 as long as they get. */
const blockOverheadBytesMax =
  4 + 1 + 16 + optionBytes(4, 8) + optionBytes(23, 3) + optionBytes(4, 3) + optionBytes(1, 3)
const tooLarge: Response = { code: Code.InternalServerError, options: [], payload: noBytes }
const exchangesExhausted: Refusal = { code: Code.TooManyRequests, reason: "ExchangesExhausted" }
const blockMissing: Refusal = { code: Code.RequestEntityIncomplete, reason: "BlockMissing" }
const bodyTooLarge: Refusal = { code: Code.RequestEntityTooLarge, reason: "BodyTooLarge" }
const retryAfterSeconds = 2
