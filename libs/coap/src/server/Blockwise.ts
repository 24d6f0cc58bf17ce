import * as Result from "effect/Result"
import { type Block, blockBytes, blockOption } from "../Block.ts"
import { Code } from "../Code.ts"
import type { ServerLimits } from "../Limits.ts"
import { noBytes } from "../Message.ts"
import { OptionNumber } from "../Option.ts"
import { operationKey, type Refusal, type RequestEnvelope } from "../Request.ts"
import { Downloads } from "./Downloads.ts"
import type { Response, TransmitCause } from "./Output.ts"
import { Uploads } from "./Uploads.ts"

/** What a request that is one block of many leads to. */
export type BlockStep =
  /** The body is complete. */
  | { readonly _tag: "Deliver"; readonly envelope: RequestEnvelope }
  | { readonly _tag: "Answer"; readonly response: Response; readonly cause: TransmitCause }
  | { readonly _tag: "Refuse"; readonly refusal: Refusal }

/** One block of a request body, or a request for a following block of a response. */
export const isBlockOfMany = ({ block1, block2 }: RequestEnvelope): boolean =>
  block1 !== undefined || (block2?.num ?? 0) > 0

/** Answered here: neither an intermediate block of a body nor a following block of a response is the application's business. */
export const concernsApplication = ({ block1, block2 }: RequestEnvelope): boolean =>
  block1?.more !== true && (block2?.num ?? 0) === 0

export const needsShape = ({ block1, block2 }: RequestEnvelope, { payload }: Response, limits: ServerLimits): boolean =>
  block1 !== undefined || block2 !== undefined || payload.length > blockBytes(limits.blockSzx)

/** Block-wise transfer of one session, both directions (RFC 7959). */
export class Blockwise {
  readonly #limits: ServerLimits
  readonly #uploads: Uploads
  readonly #downloads: Downloads

  constructor(limits: ServerLimits) {
    this.#limits = limits
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
    // RFC 7959 §2.7: the response is fetched once the request body is complete, by requests without Block1.
    if ((block2?.num ?? 0) > 0) return blockUnexpected
    const step = this.#uploads.handleBlock(now, operationKey(envelope), block1, request.payload, size1)
    switch (step._tag) {
      case "Continue": {
        const options = [blockOption(OptionNumber.Block1, step.block)]
        return { _tag: "Answer", response: { code: Code.Continue, options, payload: noBytes }, cause: "Continue" }
      }
      case "Complete":
        return { _tag: "Deliver", envelope: { ...envelope, request: { ...request, payload: step.body } } }
      case "Refused":
        return { _tag: "Refuse", refusal: step.refusal }
    }
  }

  /** The application's response as it goes out: with its Block1, or its first block alone while the rest is kept here. */
  shape(now: number, envelope: RequestEnvelope, response: Response): Response {
    const { block1, block2 } = envelope
    if (response.payload.length > this.#limits.responseBodyBytesMax) return tooLarge
    const shaped = this.#firstBlock(now, envelope, block2, response)
    if (block1 === undefined) return shaped
    return { ...shaped, options: [...shaped.options, blockOption(OptionNumber.Block1, block1)] }
  }

  expire(now: number): void {
    this.#uploads.expire(now)
    this.#downloads.expire(now)
  }

  #firstBlock(now: number, envelope: RequestEnvelope, wanted: Block | undefined, response: Response): Response {
    const szx = Math.min(wanted?.szx ?? this.#limits.blockSzx, this.#limits.blockSzx)
    if (response.payload.length > blockBytes(szx))
      return this.#downloads.start(now, operationKey(envelope), szx, response)
    if (wanted === undefined || response.payload.length === 0) return response
    return {
      ...response,
      options: [...response.options, blockOption(OptionNumber.Block2, { num: 0, more: false, szx })]
    }
  }

  #nextBlock(now: number, envelope: RequestEnvelope, wanted: Block): BlockStep {
    const next = this.#downloads.next(now, operationKey(envelope), wanted)
    if (Result.isFailure(next)) return { _tag: "Refuse", refusal: next.failure }
    return { _tag: "Answer", response: next.success, cause: "NextBlock" }
  }
}

const blockUnexpected: BlockStep = { _tag: "Refuse", refusal: { code: Code.BadRequest, reason: "BlockUnexpected" } }
const tooLarge: Response = { code: Code.InternalServerError, options: [], payload: noBytes }
