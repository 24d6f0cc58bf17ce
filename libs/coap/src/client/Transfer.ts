/**
 * One request of a client through all its messages: the blocks of its body, then the blocks of the response (RFC 7959 §2.4, §2.5,
 * §2.7). Says what to send next; knows nothing of message ids, tokens and time.
 */
import { type Block, blockBytes, blockOffset, blockOption, decodeBlock, szxMax } from "../Block.ts"
import { Code } from "../Code.ts"
import type { ClientLimits } from "../Limits.ts"
import { encodedBytes, noBytes } from "../Message.ts"
import { findOption, type Option, OptionNumber, uintOption } from "../Option.ts"
import type { ClientRequest, ClientResponse, FailureReason } from "./Output.ts"

/** The content of the next message. */
export interface Part {
  readonly options: ReadonlyArray<Option>
  readonly payload: Uint8Array
}

export type TransferStep =
  | { readonly _tag: "Send"; readonly part: Part }
  | { readonly _tag: "Done"; readonly response: ClientResponse }
  | { readonly _tag: "Failed"; readonly reason: FailureReason }

export class Transfer {
  readonly request: ClientRequest
  readonly #limits: ClientLimits
  readonly #requestTag: Option
  /** Where the block in flight begins, and how large blocks are. */
  #offset = 0
  #szx: number
  /** The first block of the response and all payloads since. */
  #first: ClientResponse | undefined
  #chunks: Array<Uint8Array> = []
  #received = 0

  /** Of the body: it does not fit a block, or no record of the session. */
  readonly inBlocks: boolean

  /**
   * `tag` keeps this body apart from others that are on their way (RFC 9175 §3). A message may have `messageBytesMax`
   * with a token of `tokenBytes`; where not even a block of 16 bytes fits, sealing says so.
   */
  constructor(request: ClientRequest, limits: ClientLimits, tag: number, messageBytesMax: number, tokenBytes: number) {
    this.request = request
    this.#limits = limits
    this.#szx = limits.blockSzx
    this.#requestTag = uintOption(OptionNumber.RequestTag, tag)
    const { options, payload } = request
    const whole = encodedBytes(tokenBytes, [...options, ...this.#wanted()], payload.length)
    this.inBlocks = payload.length > blockBytes(limits.blockSzx) || (payload.length > 16 && whole > messageBytesMax)
    if (!this.inBlocks) return
    const largest = { num: 0xfffff, more: true, szx: 0 }
    const blockwise = [blockOption(OptionNumber.Block1, largest), this.#requestTag, sizeOf(payload), ...this.#wanted()]
    const fits = (szx: number) =>
      encodedBytes(tokenBytes, [...options, ...blockwise], blockBytes(szx)) <= messageBytesMax
    while (this.#szx > 0 && !fits(this.#szx)) this.#szx -= 1
  }

  first(): Part {
    if (!this.inBlocks) return { options: [...this.request.options, ...this.#wanted()], payload: this.request.payload }
    const part = this.#uploadPart()
    return { ...part, options: [...part.options, sizeOf(this.request.payload)] }
  }

  handleResponse(response: ClientResponse): TransferStep {
    if (response.code === Code.Continue) return this.#continueUpload(response)
    const block2 = blockOf(response.options, OptionNumber.Block2)
    if (block2 === undefined) return this.#first === undefined ? done(response) : this.#interrupted(response)
    return this.#receiveBlock(response, block2)
  }

  #continueUpload(response: ClientResponse): TransferStep {
    const acknowledged = blockOf(response.options, OptionNumber.Block1)
    const sent = this.#uploadBlock()
    if (!this.inBlocks || !sent.more || acknowledged?.num !== sent.num) return unexpected
    this.#offset += blockBytes(this.#szx)
    // RFC 7959 §2.5: the server may ask for smaller blocks, and the number counts in these from now on.
    this.#szx = Math.min(this.#szx, acknowledged.szx)
    return { _tag: "Send", part: this.#uploadPart() }
  }

  #uploadBlock(): Block {
    const more = this.#offset + blockBytes(this.#szx) < this.request.payload.length
    return { num: this.#offset / blockBytes(this.#szx), more, szx: this.#szx }
  }

  #uploadPart(): Part {
    const block = this.#uploadBlock()
    const wanted = block.more ? [] : this.#wanted()
    return {
      options: [...this.request.options, blockOption(OptionNumber.Block1, block), this.#requestTag, ...wanted],
      payload: this.request.payload.subarray(this.#offset, this.#offset + blockBytes(this.#szx))
    }
  }

  /** Early negotiation: the response shall not come in blocks larger than ours (RFC 7959 §2.4, §2.7). */
  #wanted(): ReadonlyArray<Option> {
    const szx = this.#limits.blockSzx
    return szx === szxMax ? [] : [blockOption(OptionNumber.Block2, { num: 0, more: false, szx })]
  }

  #receiveBlock(response: ClientResponse, block: Block): TransferStep {
    const { payload } = response
    if (blockOffset(block) !== this.#received || (block.more && payload.length !== blockBytes(block.szx)))
      return unexpected
    const first = this.#first ?? response
    if (etagOf(first) !== etagOf(response)) return { _tag: "Failed", reason: "RepresentationChanged" }
    if (this.#received + payload.length > this.#limits.responseBodyBytesMax)
      return { _tag: "Failed", reason: "BodyTooLarge" }
    this.#first = first
    this.#chunks.push(payload.slice())
    this.#received += payload.length
    if (!block.more) return done({ ...first, payload: concat(this.#chunks, this.#received) })
    const next = { num: this.#received / blockBytes(block.szx), more: false, szx: block.szx }
    // The follow-up has the same options: with them the server finds the response that it keeps (RFC 7959 §2.4, RFC 9175 §3.3).
    const tags = this.inBlocks ? [this.#requestTag] : []
    const options = [...this.request.options, blockOption(OptionNumber.Block2, next), ...tags]
    return { _tag: "Send", part: { options, payload: noBytes } }
  }

  /** An error instead of the next block is the outcome of the whole; anything else is not what was asked for. */
  #interrupted(response: ClientResponse): TransferStep {
    return response.code < Code.BadRequest ? unexpected : done(response)
  }
}

const sizeOf = (body: Uint8Array): Option => uintOption(OptionNumber.Size1, body.length)

const done = ({ code, options, payload }: ClientResponse): TransferStep => ({
  _tag: "Done",
  response: { code, options: options.filter(({ number }) => !blockwiseOptions.has(number)), payload }
})

const blockOf = (options: ReadonlyArray<Option>, number: number): Block | undefined => {
  const option = findOption(options, number)
  return option === undefined || option.value.length > 3 ? undefined : decodeBlock(option.value)
}

const etagOf = ({ options }: ClientResponse): string | undefined =>
  findOption(options, OptionNumber.ETag)?.value.join(".")

const concat = (chunks: ReadonlyArray<Uint8Array>, bytes: number): Uint8Array => {
  const body = new Uint8Array(bytes)
  let at = 0
  for (const chunk of chunks) {
    body.set(chunk, at)
    at += chunk.length
  }
  return body
}

const unexpected: TransferStep = { _tag: "Failed", reason: "BlockUnexpected" }

const blockwiseOptions: ReadonlySet<number> = new Set([
  OptionNumber.Block1,
  OptionNumber.Block2,
  OptionNumber.Size1,
  OptionNumber.Size2
])
