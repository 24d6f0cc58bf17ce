/**
 * The server side of one DTLS session's CoAP: message layer (RFC 7252 §4), matching of requests and responses (§5.2, §5.3) and
 * block-wise transfer (RFC 7959). Pure state: `handle*` and `respond` take the time and return what to do; `deadline` says when to
 * call `handleTimeout`. `now` is in milliseconds and must not run backwards.
 *
 *   request ──► Working ──respond──────────────► Answered: ACK with the response
 *                  └──ackDelay──► Acknowledged ──respond──► Answered: empty ACK, and a CON of its own until ACK, RST or timeout
 *
 * One instance serves one epoch of one session; a response must not cross over to another (§9.1.1). While `isIdle`, it knows nothing
 * that a new instance would not know: drop it.
 */
import * as Result from "effect/Result"
import { blockBytes, blockOption, type Block } from "../Block.ts"
import { Code, codeClass } from "../Code.ts"
import { defaultServerLimits, type ServerLimits } from "../Limits.ts"
import { decode, encode, encodeEmpty, type FormatError, type Message, noBytes } from "../Message.ts"
import { type Option, OptionNumber, uintOption } from "../Option.ts"
import { operationKey, readRequest, type Refusal, type ReplyTo, type RequestEnvelope } from "../Request.ts"
import { retransmit, startRetransmission, type Retransmission } from "../Retransmission.ts"
import { defaultTuning, type Tuning } from "../Tuning.ts"
import { Downloads } from "./Downloads.ts"
import type { IgnoredReason, Output, Outputs, Response, TransmitCause } from "./Output.ts"
import { type Entry, type Pending, Remembered, unpack } from "./Remembered.ts"
import { Uploads } from "./Uploads.ts"

/** Shared by all sessions of a process. */
export interface ServerSettings {
  readonly tuning: Tuning
  readonly limits: ServerLimits
}

export const defaultServerSettings: ServerSettings = { tuning: defaultTuning, limits: defaultServerLimits }

interface SeparateResponse {
  readonly exchange: number
  readonly messageId: number
  readonly bytes: Uint8Array
  /** Undefined while NSTART keeps it back. */
  retransmission: Retransmission | undefined
}

export class ServerExchanges {
  readonly #settings: ServerSettings
  readonly #random: () => number
  readonly #remembered: Remembered
  readonly #separate: Array<SeparateResponse> = []
  #uploads: Uploads | undefined
  #downloads: Downloads | undefined
  #nextMessageId: number
  #nextExchange = 0

  /** `random` returns a number from 0 inclusive to 1 exclusive: jitter and the first message id come from it. */
  constructor(settings: ServerSettings, random: () => number) {
    this.#settings = settings
    this.#random = random
    this.#remembered = new Remembered(settings.limits.exchangesRememberedMax, settings.limits.cachedResponseBytesMax)
    this.#nextMessageId = Math.floor(random() * 0x10000)
  }

  /** When to call `handleTimeout`, on the clock of `now`; undefined if there is nothing to wait for. */
  get deadline(): number | undefined {
    let at = Math.min(
      this.#remembered.deadline,
      this.#uploads?.deadline ?? Infinity,
      this.#downloads?.deadline ?? Infinity
    )
    for (const { retransmission } of this.#separate) at = Math.min(at, retransmission?.dueAt ?? Infinity)
    return at === Infinity ? undefined : at
  }

  get isIdle(): boolean {
    return this.deadline === undefined
  }

  /** Bytes of bodies and responses held for this session: bounded by the limits, whatever the device sends. */
  get bytesHeld(): number {
    const separate = this.#separate.reduce((sum, response) => sum + response.bytes.length, 0)
    return this.#remembered.replyBytes + (this.#uploads?.bytes ?? 0) + (this.#downloads?.bytes ?? 0) + separate
  }

  /** `bytes`: the plaintext of one authenticated record. */
  handleMessage(now: number, bytes: Uint8Array): Outputs {
    this.#expire(now)
    const decoded = decode(bytes)
    if (Result.isFailure(decoded)) return rejectFormat(decoded.failure)
    const message = decoded.success
    if (message.code === Code.Empty) return this.#handleEmpty(now, message)
    const codeClassOfMessage = codeClass(message.code)
    if (codeClassOfMessage === 0) {
      if (message.type === "ACK" || message.type === "RST") return ignored("RequestInAckOrReset")
      return this.#handleRequest(now, message)
    }
    const isResponse = codeClassOfMessage === 2 || codeClassOfMessage === 4 || codeClassOfMessage === 5
    return reject(message, isResponse ? "ResponseUnexpected" : "CodeClassReserved")
  }

  /**
   * The application's answer: in the ACK while there is time for that, in a CON of its own later (RFC 7252 §5.2.2), in a NON for a
   * NON. A body above the block size is kept, and its blocks are served without asking again.
   */
  respond(now: number, exchange: number, response: Response): Outputs {
    const entry = this.#remembered.findPending(exchange)
    if (entry?.pending === undefined) return ignored("ExchangeUnknown")
    const { envelope } = entry.pending
    this.#remembered.clearPending(entry)
    return this.#answer(now, entry, envelope, this.#inBlocks(now, envelope, response), "Response")
  }

  handleTimeout(now: number): Outputs {
    const outputs: Array<Output> = []
    for (const entry of this.#remembered.dueAcks(now)) {
      const bytes = encodeEmpty("ACK", entry.messageId)
      this.#remembered.setReply(entry, bytes)
      entry.pending!.ackAt = Infinity
      outputs.push({ _tag: "Transmit", bytes, cause: "EmptyAck" })
    }
    const due = this.#separate.filter(
      ({ retransmission }) => retransmission !== undefined && retransmission.dueAt <= now
    )
    for (const separate of due) {
      if (retransmit(now, separate.retransmission!, this.#settings.tuning)) {
        outputs.push({ _tag: "Transmit", bytes: separate.bytes, cause: "Retransmission" })
      } else {
        outputs.push(...this.#settle(now, separate, "TimedOut"))
      }
    }
    this.#expire(now)
    return outputs
  }

  #handleEmpty(now: number, message: Message): Outputs {
    if (message.type === "CON") return reject(message, "Pong")
    if (message.type === "NON") return ignored("NonEmpty")
    const separate = this.#separate.find(
      (response) => response.retransmission !== undefined && response.messageId === message.messageId
    )
    if (separate === undefined) return ignored(message.type === "ACK" ? "AckUnexpected" : "ResetUnexpected")
    return this.#settle(now, separate, message.type === "ACK" ? "Acknowledged" : "Reset")
  }

  #handleRequest(now: number, message: Message): Outputs {
    const first = this.#remembered.find(now, message.messageId)
    if (first !== undefined) return handleDuplicate(first, message)

    const read = readRequest(message)
    if (Result.isFailure(read)) {
      // RFC 7252 §5.4.1: a NON with a critical option that is not understood is rejected, and silence is the permitted form.
      if (message.type === "NON" && read.failure.code === Code.BadOption) return ignored(read.failure.reason)
      return this.#refuse(
        now,
        this.#remember(now, message),
        { token: message.token, block1: undefined, noResponse: 0 },
        read.failure
      )
    }
    const envelope = read.success
    const entry = this.#remember(now, message)
    if ((envelope.block2?.num ?? 0) > 0) return this.#sendNextBlock(now, entry, envelope, envelope.block2!)
    const completes = envelope.block1?.more !== true
    if (completes && this.#inFlight >= this.#settings.limits.exchangesInFlightMax) {
      return this.#refuse(now, entry, envelope, exchangesExhausted)
    }
    if (envelope.block1 !== undefined) return this.#receiveBlock(now, entry, envelope, envelope.block1)
    if (envelope.request.payload.length > this.#settings.limits.requestBodyBytesMax) {
      return this.#refuse(now, entry, envelope, bodyTooLarge)
    }
    return this.#deliver(now, entry, envelope)
  }

  /** Requests at the application and responses that wait for an ACK. */
  get #inFlight(): number {
    return this.#remembered.pendingCount + this.#separate.length
  }

  #remember(now: number, message: Message): Entry {
    const { exchangeLifetimeMillis, nonLifetimeMillis } = this.#settings.tuning
    const confirmable = message.type === "CON"
    const expiresAt = now + (confirmable ? exchangeLifetimeMillis : nonLifetimeMillis)
    return this.#remembered.add(message.messageId, this.#nextExchange++, confirmable, expiresAt)
  }

  #deliver(now: number, entry: Entry, envelope: RequestEnvelope): Outputs {
    const pending: Pending = {
      envelope,
      ackAt: entry.confirmable ? now + this.#settings.limits.ackDelayMillis : Infinity
    }
    this.#remembered.setPending(entry, pending)
    return [{ _tag: "Request", exchange: entry.exchange, request: envelope.request }]
  }

  #receiveBlock(now: number, entry: Entry, envelope: RequestEnvelope, block: Block): Outputs {
    this.#uploads ??= new Uploads(this.#settings.limits)
    const { payload } = envelope.request
    const step = this.#uploads.handleBlock(now, operationKey(envelope), block, payload, envelope.size1)
    switch (step._tag) {
      case "Continue": {
        const options = [blockOption(OptionNumber.Block1, step.block)]
        return this.#answer(now, entry, envelope, { code: Code.Continue, options, payload: noBytes }, "Continue")
      }
      case "Complete":
        return this.#deliver(now, entry, { ...envelope, request: { ...envelope.request, payload: step.body } })
      case "Refused":
        return this.#refuse(now, entry, envelope, step.refusal)
    }
  }

  #sendNextBlock(now: number, entry: Entry, envelope: RequestEnvelope, block: Block): Outputs {
    // RFC 7959 §2.7: the response is fetched once the request body is complete, by requests without Block1.
    if (envelope.block1 !== undefined) return this.#refuse(now, entry, envelope, blockUnexpected)
    const next = this.#downloads?.next(now, operationKey(envelope), block) ?? bodyNotKept
    if (Result.isFailure(next)) return this.#refuse(now, entry, envelope, next.failure)
    return this.#answer(now, entry, envelope, next.success, "NextBlock")
  }

  /** Error responses of the message layer have no payload, no diagnostic either: the contract has none for errors. */
  #refuse(now: number, entry: Entry, replyTo: ReplyTo, refusal: Refusal): Outputs {
    const options: Array<Option> = []
    if (replyTo.block1 !== undefined) options.push(blockOption(OptionNumber.Block1, replyTo.block1))
    // RFC 7959 §2.9.3: Size1 says what would have been accepted.
    if (refusal.reason === "BodyTooLarge") {
      options.push(uintOption(OptionNumber.Size1, this.#settings.limits.requestBodyBytesMax))
    }
    // RFC 8516 §3: Max-Age says when to try again.
    if (refusal.code === Code.TooManyRequests) options.push(uintOption(OptionNumber.MaxAge, retryAfterSeconds))
    return this.#answer(now, entry, replyTo, { code: refusal.code, options, payload: noBytes }, refusal.reason)
  }

  #inBlocks(now: number, envelope: RequestEnvelope, response: Response): Response {
    const { block1, block2 } = envelope
    const echoed =
      block1 === undefined ? response.options : [...response.options, blockOption(OptionNumber.Block1, block1)]
    const { blockSzx, responseBodyBytesMax } = this.#settings.limits
    const szx = Math.min(block2?.szx ?? blockSzx, blockSzx)
    if (response.payload.length > responseBodyBytesMax) {
      return { code: Code.InternalServerError, options: [], payload: noBytes }
    }
    if (response.payload.length > blockBytes(szx)) {
      this.#downloads ??= new Downloads(this.#settings.limits)
      return this.#downloads.start(now, operationKey(envelope), block2, { ...response, options: echoed })
    }
    if (block2 === undefined || response.payload.length === 0) return { ...response, options: echoed }
    const only = blockOption(OptionNumber.Block2, { num: 0, more: false, szx })
    return { ...response, options: [...echoed, only] }
  }

  #answer(now: number, entry: Entry, replyTo: ReplyTo, response: Response, cause: TransmitCause): Outputs {
    const { token } = replyTo
    const acknowledged = entry.reply !== undefined
    // Without 2.31 the client would not send the next block: it is no response to the operation yet.
    const suppressed = response.code === Code.Continue ? 0 : replyTo.noResponse
    const unwanted = (suppressed & (1 << (codeClass(response.code) - 1))) !== 0
    if (unwanted && (acknowledged || !entry.confirmable)) return ignored("ResponseUnwanted")
    if (acknowledged) return this.#sendSeparately(now, entry.exchange, token, response)
    if (!entry.confirmable) {
      const bytes = encode({ type: "NON", messageId: this.#takeMessageId(), token, ...response })
      return transmit(bytes, cause)
    }
    // RFC 7967 §2: a CON is acknowledged even if its response is unwanted.
    const bytes = unwanted
      ? encodeEmpty("ACK", entry.messageId)
      : encode({ type: "ACK", messageId: entry.messageId, token, ...response })
    this.#remembered.setReply(entry, bytes)
    return transmit(bytes, unwanted ? "EmptyAck" : cause)
  }

  #sendSeparately(now: number, exchange: number, token: Uint8Array, response: Response): Outputs {
    const messageId = this.#takeMessageId()
    // Kept for retransmission, so not as a view of the encoder's block.
    const bytes = encode({ type: "CON", messageId, token, ...response }).slice()
    const separate: SeparateResponse = { exchange, messageId, bytes, retransmission: undefined }
    this.#separate.push(separate)
    return this.#separate.length > this.#settings.tuning.nstart ? [] : this.#startSeparate(now, separate)
  }

  #startSeparate(now: number, separate: SeparateResponse): Outputs {
    const { messageId, bytes } = separate
    separate.retransmission = startRetransmission(now, messageId, bytes, this.#settings.tuning, this.#random)
    return transmit(bytes, "SeparateResponse")
  }

  /** Ends a separate response and lets the next one go that NSTART has kept back. */
  #settle(now: number, separate: SeparateResponse, outcome: "Acknowledged" | "Reset" | "TimedOut"): Outputs {
    this.#separate.splice(this.#separate.indexOf(separate), 1)
    const settled: Output = { _tag: "Settled", exchange: separate.exchange, outcome }
    const next = this.#separate.find((response) => response.retransmission === undefined)
    return next === undefined ? [settled] : [settled, ...this.#startSeparate(now, next)]
  }

  #takeMessageId(): number {
    const messageId = this.#nextMessageId
    this.#nextMessageId = (messageId + 1) & 0xffff
    return messageId
  }

  #expire(now: number): void {
    this.#remembered.expire(now)
    this.#uploads?.expire(now)
    this.#downloads?.expire(now)
  }
}

/** RFC 7252 §4.5: the same CON is acknowledged the same way each time; the same NON is ignored. */
const handleDuplicate = (entry: Entry, message: Message): Outputs => {
  if (!entry.confirmable || message.type === "NON") return ignored("DuplicateIgnored")
  if (entry.reply !== undefined) return transmit(unpack(entry.reply), "Duplicate")
  return ignored(entry.pending === undefined ? "DuplicateForgotten" : "DuplicateIgnored")
}

/** RFC 7252 §3, §4.2: another version is ignored, a malformed CON is rejected, and ACK and RST are never answered. */
const rejectFormat = ({ reason, type, messageId }: FormatError): Outputs =>
  type === "CON" && messageId !== undefined ? transmit(encodeEmpty("RST", messageId), reason) : ignored(reason)

const reject = (message: Message, cause: "Pong" | "ResponseUnexpected" | "CodeClassReserved"): Outputs => {
  if (message.type === "CON") return transmit(encodeEmpty("RST", message.messageId), cause)
  return ignored(cause === "Pong" ? "NonEmpty" : cause)
}

const transmit = (bytes: Uint8Array, cause: TransmitCause): Outputs => [{ _tag: "Transmit", bytes, cause }]

const ignored = (reason: IgnoredReason): Outputs => [{ _tag: "Ignored", reason }]

const exchangesExhausted: Refusal = { code: Code.TooManyRequests, reason: "ExchangesExhausted" }
const bodyTooLarge: Refusal = { code: Code.RequestEntityTooLarge, reason: "BodyTooLarge" }
const blockUnexpected: Refusal = { code: Code.BadRequest, reason: "BlockUnexpected" }
const bodyNotKept = Result.fail<Refusal>({ code: Code.RequestEntityIncomplete, reason: "BodyNotKept" })
const retryAfterSeconds = 2
