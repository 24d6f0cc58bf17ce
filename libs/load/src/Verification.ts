import { Code, codeClass, decode, findOption, type Message, OptionNumber } from "@roost/coap"
import * as Result from "effect/Result"
import type { ErrorKind } from "./ErrorKind.ts"
import type { PayloadRule } from "./FleetSettings.ts"
import { idDigits, idText, writeDigits } from "./Payload.ts"

/** Bytes of our tokens: the request's number. */
export const tokenBytes = 4

/** The response that a device waits for. */
export interface Awaited {
  /** Number of the last request: its token, and its id in the payload. */
  readonly sequence: number
  readonly messageId: number
  /** Whether that request is still without its response. */
  readonly isWaiting: boolean
  readonly confirmable: boolean
  /** Whether its empty ACK came. */
  readonly acknowledged: boolean
  /** Of the command that the GET or the reply is for; undefined for an uplink. */
  readonly command: object | undefined
}

export interface Expectation {
  /** As in `Code`. */
  readonly code: number
  readonly payload: PayloadRule
}

export type Verdict =
  | { readonly _tag: "Response"; readonly message: Message; readonly announced: Uint8Array | undefined }
  /** The request arrived; its response comes on its own. */
  | { readonly _tag: "EmptyAck" }
  /** Belongs to an exchange that is over. */
  | { readonly _tag: "Duplicate"; readonly message: Message }
  /** `ends`: the exchange is over by it. `answer`: how the server is told, if it wants to be. */
  | { readonly _tag: "Wrong"; readonly kind: ErrorKind; readonly ends: boolean; readonly message: Message | undefined }

/** Judges what the server sent to a device. Pure; nothing that comes in makes it throw. */
export const verify = (bytes: Uint8Array, awaited: Awaited, expected: Expectation): Verdict => {
  const decoded = decode(bytes)
  if (Result.isFailure(decoded)) return wrong("malformed", false, undefined)
  const message = decoded.success
  if (message.code === Code.Empty) return verifyEmpty(message, awaited)
  if (codeClass(message.code) === 0) return wrong("unexpected", false, message)
  const { type } = message
  const ownMessageId = message.messageId === awaited.messageId
  if (!isToken(message.token, awaited.sequence)) {
    if (isEarlierToken(message.token, awaited.sequence)) return { _tag: "Duplicate", message }
    // A piggybacked response to this message, or the only response that is waited for: nothing better will come.
    return wrong("token", awaited.isWaiting && (type !== "ACK" || ownMessageId), message)
  }
  if (!awaited.isWaiting) return { _tag: "Duplicate", message }
  const mayAcknowledge = awaited.confirmable && ownMessageId && !awaited.acknowledged
  if (type === "RST" || (type === "ACK" && !mayAcknowledge)) return wrong("type", true, message)
  if (awaited.command !== undefined) {
    if (codeClass(message.code) !== 2) return wrong("command", true, message)
  } else if (message.code !== expected.code) return wrong("code", true, message)
  else if (!hasPayloadOf(message.payload, awaited.sequence, expected.payload)) return wrong("payload", true, message)
  const announced = message.options.length === 0 ? undefined : findOption(message.options, OptionNumber.PendingCommand)
  return { _tag: "Response", message, announced: announced?.value }
}

const verifyEmpty = (message: Message, awaited: Awaited): Verdict => {
  const ownMessageId = message.messageId === awaited.messageId
  if (message.type === "ACK") {
    return ownMessageId && awaited.isWaiting && awaited.confirmable ? emptyAck : { _tag: "Duplicate", message }
  }
  if (message.type === "RST") {
    return ownMessageId && awaited.isWaiting ? wrong("reset", true, message) : { _tag: "Duplicate", message }
  }
  // A CoAP ping (RFC 7252 §4.3), or a NON without content, which §4.3 does not allow.
  return wrong("unexpected", false, message)
}

/** The common answer is recognised by its bytes; what differs in spelling is parsed. */
const hasPayloadOf = (payload: Uint8Array, sequence: number, rule: Expectation["payload"]): boolean => {
  if (rule === "none") return true
  if (rule === "echo") return Buffer.from(payload.buffer, payload.byteOffset, payload.length).includes(idText(sequence))
  return startsAsUsual(payload, sequence) || namesId(payload, sequence)
}

const startsAsUsual = (payload: Uint8Array, sequence: number): boolean => {
  if (payload.length < usual.length) return false
  writeDigits(usual, idAt, sequence)
  for (let i = 0; i < usual.length; i++) if (payload[i] !== usual[i]) return false
  return payload[payload.length - 1] === closingBrace
}

const namesId = (payload: Uint8Array, sequence: number): boolean => {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString("utf8"))
    if (typeof parsed !== "object" || parsed === null || !("id" in parsed)) return false
    if (parsed.id !== idText(sequence) && parsed.id !== sequence) return false
    return !("code" in parsed) || parsed.code === 200
  } catch {
    return false
  }
}

const isToken = (token: Uint8Array, sequence: number): boolean =>
  token.length === tokenBytes && tokenNumber(token) === sequence

/** Up to `earlierMax` requests ago, which is more than a device sends while a datagram can be on its way. */
const isEarlierToken = (token: Uint8Array, sequence: number): boolean => {
  if (token.length !== tokenBytes) return false
  const ago = sequence - tokenNumber(token)
  return ago > 0 && ago <= earlierMax
}

const tokenNumber = (token: Uint8Array): number =>
  ((token[0]! << 24) | (token[1]! << 16) | (token[2]! << 8) | token[3]!) >>> 0

const wrong = (kind: ErrorKind, ends: boolean, message: Message | undefined): Verdict => ({
  _tag: "Wrong",
  kind,
  ends,
  message
})

const earlierMax = 10_000
const emptyAck: Verdict = { _tag: "EmptyAck" }
const closingBrace = 0x7d
const usualStart = '{"id":"'
const idAt = usualStart.length
const usual = Buffer.from(`${usualStart}${"0".repeat(idDigits)}","code":200`)
