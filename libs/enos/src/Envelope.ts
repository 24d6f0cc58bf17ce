import * as Data from "effect/Data"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { EnosCode } from "./EnosCode.ts"
import { type ExactNumber, exactValueOf, isJsonNumber, numeralOf } from "./json/ExactNumber.ts"
import { JsonNumber } from "./json/JsonNumber.ts"
import { insteadOfJson } from "./json/JsonFault.ts"
import { readJson } from "./json/ReadJson.ts"
import { encodeUtf8 } from "./Utf8Block.ts"

/** Bytes of a JSON payload that are parsed at all; block-wise bodies are bounded by the CoAP layer before. */
export const envelopeBytesMax = 64 * 1024

/** How deep a message may nest, its own object included: a thing model has structs of arrays at the most. */
export const envelopeDepthMax = 17

/** Characters of an id: it is echoed, so it must not make the answer larger than what was asked. */
export const envelopeIdLengthMax = 128

/** A device's name for its message; a number as it was written. */
export type EnvelopeId = string | number | ExactNumber

/** `{"id","version","method","params"}` (enos-protocol §2). `id` is what the device sent, echoed unchanged. */
export interface RequestEnvelope {
  readonly id: EnvelopeId | undefined
  readonly method: string
  readonly params: unknown
}

/** With all that the message has, whether anybody reads it or not. */
export interface ReadRequest extends RequestEnvelope {
  readonly whole: Readonly<Record<string, unknown>>
}

/** The same as a Schema, for the edges where speed does not matter. */
export const RequestEnvelope = Schema.Struct({
  id: Schema.optionalKey(Schema.Union([Schema.String.check(Schema.isMaxLength(envelopeIdLengthMax)), JsonNumber])),
  version: Schema.String,
  method: Schema.String,
  params: Schema.Union([Schema.Array(Schema.Unknown), Schema.Record(Schema.String, Schema.Unknown)])
})

export type EnvelopeFault = "empty" | "not-json" | "shape" | "too-large"

/** Why a payload is no EnOS request: the device gets 4.00 without payload, the operator the reason. */
export class EnvelopeError extends Data.TaggedError("EnvelopeError")<{
  readonly fault: EnvelopeFault
  readonly expected: string
  readonly got: string
  /** The right form of such a message, where it is JSON of another shape. */
  readonly example?: string
}> {
  override get message(): string {
    const cure = this.example === undefined ? "" : `. Send ${this.example}`
    return `the device's payload is not an EnOS message: expected ${this.expected}, got ${this.got}${cure}`
  }
}

/** One parse and a look at the shape; no Schema on this path. */
export const decodeRequest = (payload: Uint8Array): Result.Result<ReadRequest, EnvelopeError> => {
  const parsed = parseObject(payload, requestExample)
  if (Result.isFailure(parsed)) return Result.fail(parsed.failure)
  const { id, version, method, params } = parsed.success
  if (id !== undefined && !isId(id)) return wrong(idRule, kindOf(id), requestExample)
  if (typeof version !== "string") return wrong("version as a string", kindOf(version), requestExample)
  if (typeof method !== "string") return wrong("method as a string", kindOf(method), requestExample)
  if (typeof params !== "object" || params === null || isJsonNumber(params)) {
    return wrong("params as an object or array", kindOf(params), requestExample)
  }
  return Result.succeed({ id, method, params, whole: parsed.success })
}

/** A device's answer to a command; `code` 0 and 200 are success, numeric strings are taken (enos-protocol §5). */
export interface CommandReplyEnvelope {
  readonly id: string
  readonly code: number
  readonly message: string | undefined
  readonly data: unknown
}

/** With all that the reply has. */
export interface ReadReply extends CommandReplyEnvelope {
  readonly whole: Readonly<Record<string, unknown>>
}

/** The `method` of a message in JSON; undefined if it is none, or has none. */
export const decodeMethod = (payload: Uint8Array): string | undefined => {
  const parsed = parseObject(payload, requestExample)
  if (Result.isFailure(parsed)) return undefined
  const { method } = parsed.success
  return typeof method === "string" ? method : undefined
}

export const decodeCommandReply = (payload: Uint8Array): Result.Result<ReadReply, EnvelopeError> => {
  const parsed = parseObject(payload, replyExample)
  if (Result.isFailure(parsed)) return Result.fail(parsed.failure)
  const { id, code, message, data } = parsed.success
  if (!isId(id)) return wrong("id of the command", kindOf(id), replyExample)
  const number = codeOf(code)
  if (!Number.isSafeInteger(number)) return wrong("code as an integer", kindOf(code), replyExample)
  return Result.succeed({
    id: textOfId(id),
    code: number,
    message: typeof message === "string" ? message : undefined,
    data,
    whole: parsed.success
  })
}

/** `{"id","code","data"[,"message"]}`; an absent id stays absent. */
export const encodeReply = (
  id: EnvelopeId | undefined,
  code: number,
  data: unknown = {},
  message?: string
): Uint8Array => {
  if (code === EnosCode.success && message === undefined && data !== undefined && isEmptyObject(data)) {
    return encodeUtf8(id === undefined ? emptySuccess : `{"id":${JSON.stringify(id)},"code":200,"data":{}}`)
  }
  return encodeUtf8(JSON.stringify({ id, code, data, message }))
}

/** A request-shaped body, as commands and activate/info have it (enos-protocol §3.2). */
export const encodeRequest = (id: string, method: string, params: unknown): Uint8Array =>
  encodeUtf8(JSON.stringify({ id, version: "1.0", method, params }))

const parseObject = (payload: Uint8Array, example: string): Result.Result<Record<string, unknown>, EnvelopeError> => {
  if (payload.length === 0)
    return wrong("a JSON object", "an empty payload", "the message behind the payload's marker 0xff", "empty")
  if (payload.length > envelopeBytesMax) {
    return wrong(`at most ${envelopeBytesMax} bytes`, `${payload.length} bytes`, undefined, "too-large")
  }
  // All later readers must be able to read a stored message, members that nobody looks at included.
  const read = readJson(payload, envelopeDepthMax)
  if (Result.isFailure(read)) {
    const { expected, got } = read.failure
    const told = got.endsWith(insteadOfJson) ? `${got}: raw bytes belong to thing/model/up_raw` : got
    return wrong(expected, told, undefined, got === "deeper" ? "too-large" : "not-json")
  }
  const value = read.success
  if (kindOf(value) !== "an object") return wrong("a JSON object", kindOf(value), example)
  // `__proto__` is an own property here; nothing copies properties into another object.
  return Result.succeed(value as Record<string, unknown>)
}

const isId = (id: unknown): id is EnvelopeId =>
  typeof id === "string"
    ? id.length <= envelopeIdLengthMax
    : isJsonNumber(id) && numeralOf(id).length <= envelopeIdLengthMax

/** `7.0` names the command that 7 names. */
const textOfId = (id: EnvelopeId): string => {
  if (typeof id === "string") return id
  const exact = exactValueOf(id)
  return Number.isSafeInteger(exact) ? String(exact) : numeralOf(id)
}

const codeOf = (code: unknown): number => {
  if (isJsonNumber(code)) return exactValueOf(code)
  return typeof code === "string" && /^-?[0-9]{1,9}$/.test(code) ? Number(code) : Number.NaN
}

const isEmptyObject = (data: unknown): boolean =>
  typeof data === "object" && data !== null && !Array.isArray(data) && Object.keys(data).length === 0

const kindOf = (value: unknown): string => {
  if (value === undefined) return "nothing"
  if (isJsonNumber(value)) return "a number"
  return value === null
    ? "null"
    : Array.isArray(value)
      ? "an array"
      : typeof value === "object"
        ? "an object"
        : `a ${typeof value}`
}

const wrong = (
  expected: string,
  got: string,
  example?: string,
  fault: EnvelopeFault = "shape"
): Result.Result<never, EnvelopeError> =>
  Result.fail(new EnvelopeError({ fault, expected, got, ...(example !== undefined && { example }) }))

const idRule = `id as a string or number of at most ${envelopeIdLengthMax} characters`
const requestExample = `{"id":"1","version":"1.0","method":"thing.measurepoint.post","params":{"measurepoints":{"temp":21.5}}}`
const replyExample = `{"id":"the command's","code":200,"data":{}}`

const emptySuccess = `{"code":200,"data":{}}`
