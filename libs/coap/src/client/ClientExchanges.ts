/**
 * The client side of one DTLS session's CoAP, for a device in software. It has requests with retransmission (RFC 7252 §4.2), responses in
 * ACK, CON or NON matched by token (RFC 7252 §5.3.2), bodies in blocks (RFC 7959). Pure state, in the style of `ServerExchanges`.
 */
import { BoundedMap } from "@roost/bounded"
import * as Result from "effect/Result"
import { Code, codeClass } from "../Code.ts"
import { Confirmables } from "../Confirmables.ts"
import { type ClientLimits, defaultClientLimits } from "../Limits.ts"
import { decode, encode, encodeEmpty, type Message } from "../Message.ts"
import { isCritical, OptionNumber } from "../Option.ts"
import { defaultTuning, type Tuning } from "../Tuning.ts"
import type { ClientIgnoredReason, ClientOutput, ClientOutputs, ClientRequest, FailureReason } from "./Output.ts"
import { type Part, Transfer } from "./Transfer.ts"

export interface ClientSettings {
  readonly tuning: Tuning
  readonly limits: ClientLimits
}

export const defaultClientSettings: ClientSettings = { tuning: defaultTuning, limits: defaultClientLimits }

interface Exchange {
  readonly exchange: number
  readonly transfer: Transfer
  /** Of the message in flight, as a number: 4 bytes, never used twice in a session (RFC 9175 §4.2). */
  token: number
  /** When to give up on a response that no retransmission will bring; Infinity while the CON itself waits. */
  dueAt: number
}

export class ClientExchanges {
  readonly #settings: ClientSettings
  readonly #confirmables: Confirmables
  readonly #exchanges = new Map<number, Exchange>()
  /** Message ids of the server's latest CONs and NONs, and when they may be forgotten; oldest first. */
  readonly #seen: BoundedMap<number, number>
  /** Largest message that a record of the session holds, in bytes; larger requests go in blocks (RFC 7252 §4.6). */
  messageBytesMax = Infinity
  #nextMessageId: number
  #nextToken: number
  #nextExchange = 0

  /** `random` returns a number from 0 inclusive to 1 exclusive: jitter, the first message id and the first token come from it. */
  constructor(settings: ClientSettings, random: () => number) {
    this.#settings = settings
    this.#confirmables = new Confirmables(settings.tuning, random)
    this.#seen = new BoundedMap(settings.limits.messagesRememberedMax)
    this.#nextMessageId = Math.floor(random() * 0x10000)
    this.#nextToken = Math.floor(random() * 0x100000000)
  }

  /** When to call `handleTimeout`, on the clock of `now`; undefined if there is nothing to wait for. */
  get deadline(): number | undefined {
    let at = this.#confirmables.deadline
    for (const { dueAt } of this.#exchanges.values()) at = Math.min(at, dueAt)
    return at === Infinity ? undefined : at
  }

  /** Begins an exchange; `Response` or `Failed` with its number ends it. */
  request(now: number, request: ClientRequest): { readonly exchange: number; readonly outputs: ClientOutputs } {
    const exchange = this.#nextExchange++
    if (this.#exchanges.size >= this.#settings.limits.exchangesMax) {
      return { exchange, outputs: [{ _tag: "Failed", exchange, reason: "ExchangesExhausted" }] }
    }
    const transfer = new Transfer(
      request,
      this.#settings.limits,
      exchange & 0xffff,
      this.messageBytesMax,
      tokenBytes(0).length
    )
    const state: Exchange = { exchange, transfer, token: 0, dueAt: Infinity }
    this.#exchanges.set(exchange, state)
    return { exchange, outputs: this.#send(now, state, transfer.first()) }
  }

  /** `bytes`: the plaintext of one authenticated record. */
  handleMessage(now: number, bytes: Uint8Array): ClientOutputs {
    const decoded = decode(bytes)
    if (Result.isFailure(decoded)) {
      const { type, messageId, reason } = decoded.failure
      return type === "CON" && messageId !== undefined ? transmit(encodeEmpty("RST", messageId)) : ignored(reason)
    }
    const message = decoded.success
    if (message.code === Code.Empty) return this.#handleEmpty(now, message)
    if (message.type === "RST") return ignored("ResetUnexpected")
    const kind = codeClass(message.code)
    if (kind === 0) return reject(message, "RequestUnexpected")
    if (kind !== 2 && kind !== 4 && kind !== 5) return reject(message, "CodeClassReserved")
    return this.#handleResponse(now, message)
  }

  handleTimeout(now: number): ClientOutputs {
    const outputs: Array<ClientOutput> = []
    for (const { exchange, bytes, givenUp } of this.#confirmables.handleTimeout(now)) {
      if (givenUp) outputs.push(...this.#fail(now, exchange, "TimedOut"))
      else outputs.push({ _tag: "Transmit", bytes })
    }
    for (const { exchange, dueAt } of this.#exchanges.values()) {
      if (dueAt <= now) outputs.push(...this.#fail(now, exchange, "ResponseMissing"))
    }
    return outputs
  }

  #send(now: number, state: Exchange, part: Part): ClientOutputs {
    const { request, inBlocks } = state.transfer
    const confirmable = request.confirmable || inBlocks
    const messageId = this.#nextMessageId
    this.#nextMessageId = (messageId + 1) & 0xffff
    state.token = this.#nextToken
    this.#nextToken = (state.token + 1) >>> 0
    const bytes = encode({
      type: confirmable ? "CON" : "NON",
      code: request.code,
      messageId,
      token: tokenBytes(state.token),
      options: part.options,
      payload: part.payload
    })
    if (!confirmable) {
      state.dueAt = now + this.#settings.limits.responseMillisMax
      return transmit(bytes)
    }
    state.dueAt = Infinity
    // Kept for retransmission, so not as a view of the encoder's block.
    this.#confirmables.add(state.exchange, messageId, bytes.slice())
    return this.#release(now)
  }

  #release(now: number): ClientOutputs {
    const bytes = this.#confirmables.release(now)
    return bytes === undefined ? [] : transmit(bytes)
  }

  #handleEmpty(now: number, message: Message): ClientOutputs {
    if (message.type === "CON") return transmit(encodeEmpty("RST", message.messageId))
    if (message.type === "NON") return ignored("NonEmpty")
    const exchange = this.#confirmables.exchangeOf(message.messageId)
    if (exchange === undefined) return ignored(message.type === "ACK" ? "AckUnexpected" : "ResetUnexpected")
    this.#confirmables.conclude(exchange)
    if (message.type === "RST") return this.#fail(now, exchange, "Reset")
    this.#exchanges.get(exchange)!.dueAt = now + this.#settings.limits.responseMillisMax
    return [...ignored("ResponseToCome"), ...this.#release(now)]
  }

  #handleResponse(now: number, message: Message): ClientOutputs {
    // RFC 7252 §4.5: a second copy of a CON is acknowledged again and otherwise ignored.
    if (message.type !== "ACK" && (this.#seen.get(message.messageId) ?? 0) > now) {
      return [...acknowledge(message), ...ignored("Duplicate")]
    }
    const state = this.#find(message.token)
    if (state === undefined) return reject(message, "TokenUnknown")
    if (message.options.some(({ number }) => isCritical(number) && !understood.has(number))) {
      return reject(message, "CriticalOptionUnknown")
    }
    // A piggybacked response answers the message whose id it bears, and no other (RFC 7252 §5.3.2).
    if (message.type === "ACK" && this.#confirmables.exchangeOf(message.messageId) !== state.exchange) {
      return ignored("AckUnexpected")
    }
    if (message.type !== "ACK") this.#remember(now, message)
    this.#confirmables.conclude(state.exchange)
    return [...acknowledge(message), ...this.#advance(now, state, message)]
  }

  #advance(now: number, state: Exchange, message: Message): ClientOutputs {
    const { exchange, transfer } = state
    const step = transfer.handleResponse({ code: message.code, options: message.options, payload: message.payload })
    switch (step._tag) {
      case "Send":
        return this.#send(now, state, step.part)
      case "Done":
        this.#exchanges.delete(exchange)
        return [{ _tag: "Response", exchange, response: step.response }, ...this.#release(now)]
      case "Failed":
        return this.#fail(now, exchange, step.reason)
    }
  }

  #fail(now: number, exchange: number, reason: FailureReason): ClientOutputs {
    this.#exchanges.delete(exchange)
    return [{ _tag: "Failed", exchange, reason }, ...this.#release(now)]
  }

  #find(token: Uint8Array): Exchange | undefined {
    if (token.length !== 4) return undefined
    const number = new DataView(token.buffer, token.byteOffset).getUint32(0)
    for (const state of this.#exchanges.values()) if (state.token === number) return state
    return undefined
  }

  #remember(now: number, { type, messageId }: Message): void {
    const { exchangeLifetimeMillis, nonLifetimeMillis } = this.#settings.tuning
    this.#seen.set(messageId, now + (type === "CON" ? exchangeLifetimeMillis : nonLifetimeMillis))
  }
}

const tokenBytes = (token: number): Uint8Array => Uint8Array.of(token >>> 24, token >>> 16, token >>> 8, token)

const acknowledge = (message: Message): ClientOutputs =>
  message.type === "CON" ? transmit(encodeEmpty("ACK", message.messageId)) : []

/** RFC 7252 §4.2, §4.3: RST for a CON, silence for the rest. */
const reject = (message: Message, reason: ClientIgnoredReason): ClientOutputs =>
  message.type === "CON" ? transmit(encodeEmpty("RST", message.messageId)) : ignored(reason)

const transmit = (bytes: Uint8Array): ClientOutputs => [{ _tag: "Transmit", bytes }]

const ignored = (reason: ClientIgnoredReason): ClientOutputs => [{ _tag: "Ignored", reason }]

/** The critical options that a response may have. */
const understood: ReadonlySet<number> = new Set([OptionNumber.Block1, OptionNumber.Block2])
