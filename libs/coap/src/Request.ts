import * as Result from "effect/Result"
import { type Block, decodeBlock } from "./Block.ts"
import { Code } from "./Code.ts"
import type { Message } from "./Message.ts"
import { decodeString, decodeUint, isCritical, type Option, OptionNumber } from "./Option.ts"

/** A request as the application sees it: body assembled, options it may care about decoded. */
export interface Request {
  /** The method; unknown ones are passed on, 4.05 is the application's answer (RFC 7252 §5.8). */
  readonly code: number
  readonly confirmable: boolean
  readonly messageId: number
  readonly token: Uint8Array
  /**
   * Uri-Path segments, UTF-8, never `.` or `..`. A segment may contain "/": compare segments, do not join them (RFC 7252 §5.10.1).
   * The same array for requests of a session with the same options, so that what was found out about it can be kept.
   */
  readonly path: ReadonlyArray<string>
  readonly query: ReadonlyArray<string>
  readonly contentFormat: number | undefined
  readonly accept: number | undefined
  readonly payload: Uint8Array
}

/** The options that shape a response, whatever its content. */
export interface ReplyTo {
  readonly token: Uint8Array
  /** The response to a block says which block it is about (RFC 7959 §2.5). */
  readonly block1: Block | undefined
  /** Bit map of response classes that the client does not want: 2 for 2.xx, 8 for 4.xx, 16 for 5.xx (RFC 7967 §2.1). */
  readonly noResponse: number
}

/** The options that a request may have here, read. */
export interface RequestOptions {
  readonly path: ReadonlyArray<string>
  readonly query: ReadonlyArray<string>
  readonly contentFormat: number | undefined
  readonly accept: number | undefined
  readonly block1: Block | undefined
  readonly block2: Block | undefined
  /** The body size that the client announces, in bytes; a hint and nothing more (RFC 7959 §4). */
  readonly size1: number | undefined
  /** As `ReplyTo` has it. */
  readonly noResponse: number
  /** Request-Tags as text; they keep concurrent bodies for one path apart (RFC 9175 §3). */
  readonly requestTags: string
}

/** A request and what concerns the message layer alone. */
export interface RequestEnvelope extends ReplyTo {
  readonly request: Request
  readonly block2: Block | undefined
  readonly size1: number | undefined
  readonly requestTags: string
}

/** Why a request did not reach the application. The client's fault, unless the reason says "Exhausted" or "ResponseTooLarge". */
export type RefusalReason =
  | "CriticalOptionUnknown"
  | "OptionMalformed"
  | "ProxyingRequested"
  | "BlockSizeReserved"
  | "BlockPayloadSizeWrong"
  | "BlockMissing"
  | "BlockUnexpected"
  | "BlockBeyondEnd"
  | "BodyNotKept"
  | "BodyTooLarge"
  | "ResponseTooLarge"
  | "ExchangesExhausted"

export interface Refusal {
  readonly code: number
  readonly reason: RefusalReason
  /** For whoever looks after the client; none of it is sent. */
  readonly detail?: RefusalDetail
}

/** The refused option, by its number, or body. It has the bytes of its value or of the body, beside as many as are taken. */
export interface RefusalDetail {
  readonly option?: number
  readonly bytes?: number
  readonly bytesMax?: number
}

/** Reads the options of a request; the first thing wrong decides the answer (RFC 7252 §5.4, §5.10). */
export const readOptions = (options: ReadonlyArray<Option>): Result.Result<RequestOptions, Refusal> => {
  const path: Array<string> = []
  const query: Array<string> = []
  let contentFormat: number | undefined
  let accept: number | undefined
  let block1: Block | undefined
  let block2: Block | undefined
  let size1: number | undefined
  let noResponse = 0
  let requestTags = ""

  for (let index = 0; index < options.length; index += 1) {
    const { number, value } = options[index]!
    const repeated = index > 0 && options[index - 1]!.number === number
    if (!isUsable(number, value, repeated)) {
      if (isCritical(number)) return isKnown(number) ? malformed(number, value) : unknownCritical(number, value)
      continue
    }
    switch (number) {
      case OptionNumber.UriPath: {
        const segment = readText(value)
        if (segment === undefined || segment === "." || segment === "..") return malformed(number, value)
        path.push(segment)
        break
      }
      case OptionNumber.UriQuery: {
        const parameter = readText(value)
        if (parameter === undefined) return malformed(number, value)
        query.push(parameter)
        break
      }
      case OptionNumber.ContentFormat:
        contentFormat = decodeUint(value)
        break
      case OptionNumber.Accept:
        accept = decodeUint(value)
        break
      case OptionNumber.Block1:
        block1 = decodeBlock(value)
        if (block1 === undefined) return blockSizeReserved
        break
      case OptionNumber.Block2:
        block2 = decodeBlock(value)
        if (block2 === undefined) return blockSizeReserved
        break
      case OptionNumber.Size1:
        size1 = decodeUint(value)
        break
      case OptionNumber.NoResponse:
        noResponse = decodeUint(value)
        break
      case OptionNumber.RequestTag:
        requestTags += `${value.join(".")},`
        break
      case OptionNumber.ProxyUri:
      case OptionNumber.ProxyScheme:
        return proxying
      default:
    }
  }
  return Result.succeed({ path, query, contentFormat, accept, block1, block2, size1, noResponse, requestTags })
}

export const requestOf = (message: Message, options: RequestOptions): RequestEnvelope => ({
  request: {
    code: message.code,
    confirmable: message.type === "CON",
    messageId: message.messageId,
    token: message.token,
    path: options.path,
    query: options.query,
    contentFormat: options.contentFormat,
    accept: options.accept,
    payload: message.payload
  },
  token: message.token,
  block1: options.block1,
  block2: options.block2,
  size1: options.size1,
  noResponse: options.noResponse,
  requestTags: options.requestTags
})

/** What a block belongs to. */
export interface Operation {
  /**
   * Two block requests with the same key are parts of one operation: method, path, query, Accept and Request-Tag (RFC 7959 §2.4, §2.5; RFC
   * 9175 §3.3). JSON keeps ["a/b"] and ["a", "b"] apart.
   */
  readonly key: string
  /** The same without what some clients send with some blocks only: Accept and Request-Tags. */
  readonly looseKey: string
}

export const operationOf = ({ request, requestTags }: RequestEnvelope): Operation => {
  const { accept, code, path, query } = request
  return {
    key: JSON.stringify([code, path, query, accept ?? null, requestTags]),
    looseKey: JSON.stringify([code, path, query])
  }
}

/** Recognised, of a permitted length, and not repeated where that is not allowed (RFC 7252 §5.4.1, §5.4.3, §5.4.5). */
const isUsable = (number: number, value: Uint8Array, repeated: boolean): boolean => {
  const format = formats.get(number)
  if (format === undefined) return false
  return value.length >= format.bytesMin && value.length <= format.bytesMax && (format.repeatable || !repeated)
}

const isKnown = (number: number): boolean => formats.has(number)

/** Paths are ASCII as good as always, and TextDecoder costs a native call for each segment. */
const readText = (value: Uint8Array): string | undefined => {
  for (let index = 0; index < value.length; index += 1) if (value[index]! > 0x7f) return decodeString(value)
  return String.fromCharCode.apply(null, value as unknown as Array<number>)
}

interface OptionFormat {
  readonly bytesMin: number
  readonly bytesMax: number
  readonly repeatable: boolean
}

const once = (bytesMin: number, bytesMax: number): OptionFormat => ({ bytesMin, bytesMax, repeatable: false })
const many = (bytesMin: number, bytesMax: number): OptionFormat => ({ bytesMin, bytesMax, repeatable: true })

/**
 * The options that a request may use here (RFC 7252 §5.10, 7959 §2.1, 7967 §2, 9175 §3.2). All others are ignored or refused by
 * their critical bit alone: If-Match and If-None-Match, which promise a condition that is not checked; OSCORE; Q-Block.
 */
const formats: ReadonlyMap<number, OptionFormat> = new Map([
  [OptionNumber.UriHost, once(1, 255)],
  [OptionNumber.UriPort, once(0, 2)],
  [OptionNumber.UriPath, many(0, 255)],
  [OptionNumber.ContentFormat, once(0, 2)],
  [OptionNumber.UriQuery, many(0, 255)],
  [OptionNumber.Accept, once(0, 2)],
  [OptionNumber.Block2, once(0, 3)],
  [OptionNumber.Block1, once(0, 3)],
  [OptionNumber.ProxyUri, once(1, 1034)],
  [OptionNumber.ProxyScheme, once(1, 255)],
  [OptionNumber.Size1, once(0, 4)],
  [OptionNumber.NoResponse, once(0, 1)],
  [OptionNumber.RequestTag, many(0, 8)]
])

const refuse = (code: number, reason: RefusalReason, detail?: RefusalDetail): Result.Result<never, Refusal> =>
  Result.fail({ code, reason, ...(detail && { detail }) })

const unknownCritical = (option: number, value: Uint8Array) =>
  refuse(Code.BadOption, "CriticalOptionUnknown", { option, bytes: value.length })
const malformed = (option: number, value: Uint8Array) =>
  refuse(Code.BadOption, "OptionMalformed", { option, bytes: value.length })
const proxying = refuse(Code.ProxyingNotSupported, "ProxyingRequested")
const blockSizeReserved = refuse(Code.BadRequest, "BlockSizeReserved")
