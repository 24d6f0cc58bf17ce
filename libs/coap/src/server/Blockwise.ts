import * as Result from "effect/Result"
import { type Block, blockBytes, blockOption } from "../Block.ts"
import { Code } from "../Code.ts"
import type { ServerLimits } from "../Limits.ts"
import { encodedBytes, noBytes } from "../Message.ts"
import { OptionNumber } from "../Option.ts"
import { operationOf, type Refusal, type RequestEnvelope } from "../Request.ts"
import { Downloads } from "./Downloads.ts"
import type { Response, TransmitCause } from "./Output.ts"
import { type LastBlock, Uploads } from "./Uploads.ts"

/** The outcome of a request that is one block of many. */
export type BlockStep =
  /** The body is complete. */
  | { readonly _tag: "Deliver"; readonly envelope: RequestEnvelope; readonly last: LastBlock | undefined }
  /** The last block of a body again, which is at the application or was answered. */
  | { readonly _tag: "Repeated"; readonly last: LastBlock }
  | { readonly _tag: "Answer"; readonly response: Response; readonly cause: TransmitCause }
  | { readonly _tag: "Refuse"; readonly refusal: Refusal }

/** One block of a request body, or a request for a following block of a response. */
export const isBlockOfMany = ({ block1, block2 }: RequestEnvelope): boolean =>
  block1 !== undefined || (block2?.num ?? 0) > 0

/** Answered here: neither an intermediate block of a body nor a following block of a response is the application's business. */
export const concernsApplication = ({ block1, block2 }: RequestEnvelope): boolean =>
  block1?.more !== true && (block2?.num ?? 0) === 0

/** Whether a response can't go out as it is. */
export const needsShape = (
  { block1, block2, token }: RequestEnvelope,
  { options, payload }: Response,
  limits: ServerLimits,
  messageBytesMax: number
): boolean =>
  block1 !== undefined ||
  block2 !== undefined ||
  payload.length > blockBytes(limits.blockSzx) ||
  // The first is true of nearly every response and costs nothing.
  (payload.length + unmeasuredBytesMax > messageBytesMax &&
    encodedBytes(token.length, options, payload.length) > messageBytesMax)

/** Block-wise transfer of one session, both directions (RFC 7959). */
export class Blockwise {
  readonly #limits: ServerLimits
  readonly #session: { readonly messageBytesMax: number }
  readonly #uploads: Uploads
  readonly #downloads: Downloads

  /** `messageBytesMax`: what a record of the session holds, or may hold now. */
  constructor(limits: ServerLimits, session: { readonly messageBytesMax: number }) {
    this.#limits = limits
    this.#session = session
    this.#uploads = new Uploads(limits)
    this.#downloads = new Downloads(limits)
  }

  get bytes(): number {
    return this.#uploads.bytes + this.#downloads.bytes
  }

  get deadline(): number {
    return Math.min(this.#uploads.deadline, this.#downloads.deadline)
  }

  handleRequest(now: number, envelope: RequestEnvelope): BlockStep {
    const { block1, block2, request, size1 } = envelope
    if (block1 === undefined) return this.#nextBlock(now, envelope, block2!)
    if (block2 !== undefined && block2.num > 0) {
      // RFC 7959 §2.7: the response is fetched by requests without Block1. A client that leaves its option in and sends no
      // body with it means nothing else.
      return request.payload.length === 0 ? this.#nextBlock(now, envelope, block2) : blockUnexpected
    }
    const step = this.#uploads.handleBlock(now, operationOf(envelope), block1, request.payload, size1)
    switch (step._tag) {
      case "Continue": {
        const options = [blockOption(OptionNumber.Block1, step.block)]
        return { _tag: "Answer", response: { code: Code.Continue, options, payload: noBytes }, cause: "Continue" }
      }
      case "Complete":
        return {
          _tag: "Deliver",
          envelope: { ...envelope, request: { ...request, payload: step.body } },
          last: step.last
        }
      case "Repeated":
        return step
      case "Refused":
        return { _tag: "Refuse", refusal: step.refusal }
    }
  }

  /**
   * The application's response as it goes out: with its Block1, or its first block alone while the rest is kept here.
   * Undefined if it is larger than what is kept, or no block of it fits a message.
   */
  shape(now: number, envelope: RequestEnvelope, response: Response): Response | undefined {
    const { block1, block2, token } = envelope
    if (response.payload.length > this.#limits.responseBodyBytesMax) return undefined
    const further = block1 === undefined ? [] : [blockOption(OptionNumber.Block1, block1)]
    const szx = Math.min(block2?.szx ?? this.#limits.blockSzx, this.#limits.blockSzx)
    const ended =
      block2 === undefined || response.payload.length === 0
        ? further
        : [...further, blockOption(OptionNumber.Block2, { num: 0, more: false, szx })]
    const whole = { ...response, options: [...response.options, ...ended] }
    const fits =
      response.payload.length <= blockBytes(szx) &&
      encodedBytes(token.length, whole.options, response.payload.length) <= this.#session.messageBytesMax
    if (fits) return whole
    const room = { bytesMax: this.#session.messageBytesMax, tokenBytes: token.length, further }
    return this.#downloads.start(now, operationOf(envelope), szx, response, room)
  }

  /** To be told of the response to the body that `last` ended. */
  answered(last: LastBlock, response: Response): void {
    this.#uploads.answered(last, response)
  }

  expire(now: number): void {
    this.#uploads.expire(now)
    this.#downloads.expire(now)
  }

  #nextBlock(now: number, envelope: RequestEnvelope, wanted: Block): BlockStep {
    const room = { bytesMax: this.#session.messageBytesMax, tokenBytes: envelope.token.length, further: [] }
    const next = this.#downloads.next(now, operationOf(envelope), wanted, room)
    if (Result.isFailure(next)) return { _tag: "Refuse", refusal: next.failure }
    return { _tag: "Answer", response: next.success, cause: "NextBlock" }
  }
}

const blockUnexpected: BlockStep = { _tag: "Refuse", refusal: { code: Code.BadRequest, reason: "BlockUnexpected" } }
/** Header, token, marker and a dozen options as they are; nobody measures a response that leaves so much of its record. */
const unmeasuredBytesMax = 512
