import { Code, type Option, OptionNumber, type Request, uintOption } from "@roost/coap"
import {
  checkUplinkParams,
  classifyTopic,
  decodeCommandReply,
  decodeRequest,
  encodeReply,
  type EnvelopeError,
  EnosCode,
  formatRefusal,
  isSuccess,
  nearestTopic,
  oddMessageOf,
  oddReplyOf,
  shapeHintOf,
  shownPath,
  type UplinkKind
} from "@roost/enos"
import * as Result from "effect/Result"
import type { RefusalCode } from "@roost/explain"
import type { ActiveModel } from "../state/ProductProfiles.ts"
import {
  activatedText,
  cureOf,
  lacksPrefix,
  emptyRawText,
  foreignTopicText,
  formatText,
  notActivatedText,
  otherMethodText,
  meantText,
  otherTopicsMethodText,
  refusalOf,
  revokedText,
  wrongMethodText
} from "./RequestRefusals.ts"
import type { NamedTopic, SessionRights } from "../state/SessionRights.ts"
import { type AskedProperties, propertiesAskOf } from "./Properties.ts"

/** The decision what to do with a request. Codes of refusals as contract §4.9 and §7.3–7.8 and §7.20 have them. */
export type Decision =
  | {
      readonly _tag: "Refuse"
      readonly code: number
      readonly refusal: RefusalCode
      readonly reason: string
      /** The text that belongs behind the reason, where it is told: it takes a while. */
      readonly hint?: () => string
    }
  /** Understood and refused by the protocol: 2.04 with an EnOS code in the payload (contract §7.4). */
  | {
      readonly _tag: "RefuseByReply"
      readonly reply: Uint8Array
      readonly refusal: RefusalCode
      readonly reason: string
      readonly hint?: () => string
    }
  | {
      readonly _tag: "StoreUplink"
      readonly kind: UplinkKind
      readonly topic: string
      readonly method: string
      /** The payload that the device gets once the uplink is stored. */
      readonly reply: Uint8Array
      /** Of the message, for a look at its times; absent of raw bytes. */
      readonly params?: unknown
      /** The part of the message that nobody reads. */
      readonly unread?: string | undefined
    }
  /** A change is stored as an uplink, then done by the registry; a query is only asked. */
  | {
      readonly _tag: "AskProperties"
      readonly asked: AskedProperties
      readonly kind: UplinkKind
      readonly topic: string
      readonly method: string
      readonly unread?: string | undefined
    }
  | { readonly _tag: "FetchCommand"; readonly topic: string }
  | {
      readonly _tag: "CommandReply"
      readonly commandTopic: string
      /** Undefined for raw bytes: they answer the oldest delivered command of the topic. */
      readonly id: string | undefined
      readonly code: number
      readonly message: string | undefined
      readonly data: unknown
      readonly unread?: string | undefined
    }
  | { readonly _tag: "FetchSecret" }

/** One empty segment after `topic` is left out: who appends a topic, which begins with a slash, to `/topic/` sends it. */
export const nameTopic = (path: ReadonlyArray<string>): NamedTopic => {
  const segments = path[0] === "topic" && path[1] === "" ? path.toSpliced(1, 1) : path
  return { path, topic: classifyTopic(segments), text: `/${segments.slice(1).join("/")}` }
}

/**
 * Pure: the same request on the same session is decided the same way. `named` is of the request's path, `model` the product's;
 * without one, what is well-formed is accepted.
 */
export const decide = (
  rights: SessionRights,
  request: Request,
  named: NamedTopic = nameTopic(request.path),
  model?: ActiveModel
): Decision => {
  if (rights.revoked) return refuse(Code.Unauthorized, "session-revoked", revokedText)
  if (request.code !== Code.Get && request.code !== Code.Post)
    return refuse(Code.MethodNotAllowed, "coap-method", wrongMethodText(request.code))
  const { topic } = named
  if (topic._tag === "Unknown") {
    const { path } = request
    return {
      _tag: "Refuse",
      code: Code.NotFound,
      refusal: lacksPrefix(path) ? "topic-prefix-missing" : "unknown-topic",
      reason: `no such topic: ${shownPath(path)}`,
      hint: () => nearestTopic(path, rights.productKey, rights.deviceKey)
    }
  }
  if (topic.productKey !== rights.productKey || topic.deviceKey !== rights.deviceKey) {
    return refuse(Code.Forbidden, "foreign-topic", foreignTopicText(topic, rights))
  }
  if (rights.secureMode === 3 && topic._tag !== "ActivateInfo") {
    return refuse(Code.Unauthorized, "not-activated", notActivatedText(named.text))
  }
  const expected = topic._tag === "Uplink" || topic._tag === "CommandReply" ? Code.Post : Code.Get
  if (request.code !== expected) {
    return refuse(Code.MethodNotAllowed, "topic-method", otherMethodText(named.text, topic, request.code))
  }
  const format = unacceptableFormat(request)
  if (format !== undefined) return format
  switch (topic._tag) {
    case "ActivateInfo":
      return rights.secureMode === 3
        ? { _tag: "FetchSecret" }
        : refuse(Code.Unauthorized, "activates-again", activatedText)
    case "Command":
      return { _tag: "FetchCommand", topic: named.text }
    case "Uplink":
      return topic.raw ? rawUplink(request, named.text) : judgeUplink(rights, request, named.text, topic, model)
    case "CommandReply":
      return topic.raw ? rawReply(request, topic.commandTopic) : jsonReply(request, topic.commandTopic)
  }
}

/** Judges a message in JSON, of the topic that its method belongs to. */
export const judgeUplink = (
  rights: SessionRights,
  request: Request,
  topic: string,
  { kind, method }: { readonly kind: UplinkKind; readonly method: string },
  model: ActiveModel | undefined
): Decision => {
  const envelope = decodeRequest(request.payload)
  if (Result.isFailure(envelope)) return refuseEnvelope(envelope.failure)
  const { id } = envelope.success
  if (envelope.success.method !== method) {
    const code = EnosCode.methodsNotConsistent
    return {
      _tag: "RefuseByReply",
      reply: encodeReply(id, code, {}, "Methods not consistent"),
      refusal: "method-mismatch",
      reason: `${code}: ${otherTopicsMethodText(rights, method, envelope.success.method)}`
    }
  }
  const { productKey, deviceKey } = rights
  const context = { productKey, deviceKey, model: model?.compiled }
  const refused = checkUplinkParams(method, envelope.success.params, context)
  if (refused !== undefined) {
    const { code, field, expected } = refused
    const cure = shapeHintOf(method, envelope.success.params, refused) ?? cureOf(refused, model)
    const message = `${field === "" ? "params" : field}: expected ${expected}`
    return {
      _tag: "RefuseByReply",
      reply: encodeReply(id, code, {}, message),
      refusal: refusalOf(refused),
      reason: `${code}: ${formatRefusal(refused)}${cure}`,
      hint: () => meantText(refused)
    }
  }
  const unread = oddMessageOf(request.payload, envelope.success.whole, method, envelope.success.params)
  const asked = propertiesAskOf(method, envelope.success.params, id)
  if (asked !== undefined) return { _tag: "AskProperties", asked, kind, topic, method, unread }
  const data = method === templateMethod ? model?.template : undefined
  const { params } = envelope.success
  return { _tag: "StoreUplink", kind, topic, method, reply: encodeReply(id, EnosCode.success, data), params, unread }
}

/** The device's own bytes, stored as they are (contract §4.3); the answer of a script comes with scripts. */
const rawUplink = (request: Request, topic: string): Decision =>
  request.payload.length === 0
    ? refuse(Code.BadRequest, "raw-payload-empty", emptyRawText)
    : { _tag: "StoreUplink", kind: "raw", topic, method: "", reply: noBytes }

const jsonReply = (request: Request, commandTopic: string): Decision => {
  const envelope = decodeCommandReply(request.payload)
  if (Result.isFailure(envelope)) return refuseEnvelope(envelope.failure)
  const { id, code, message, data, whole } = envelope.success
  const unread = oddReplyOf(request.payload, whole)
  return {
    _tag: "CommandReply",
    commandTopic,
    id,
    code: isSuccess(code) ? EnosCode.success : code,
    message,
    data,
    unread
  }
}

const rawReply = (request: Request, commandTopic: string): Decision => ({
  _tag: "CommandReply",
  commandTopic,
  id: undefined,
  code: EnosCode.success,
  message: undefined,
  data: { raw: request.payload.toBase64() }
})

const refuse = (code: number, refusal: RefusalCode, reason: string): Decision => ({
  _tag: "Refuse",
  code,
  refusal,
  reason
})

const refuseEnvelope = ({ fault, message }: EnvelopeError): Decision =>
  refuse(Code.BadRequest, `payload-${fault}`, message)

/** JSON, octets and text are what EnOS devices send and take; anything else is not ours (contract §7.8, §7.20). */
const unacceptableFormat = (request: Request): Decision | undefined => {
  if (request.contentFormat !== undefined && !formats.has(request.contentFormat)) {
    return refuse(Code.UnsupportedContentFormat, "content-format", formatText("Content-Format", request.contentFormat))
  }
  if (request.accept !== undefined && !formats.has(request.accept)) {
    return refuse(Code.NotAcceptable, "accept-format", formatText("Accept", request.accept))
  }
  return undefined
}

/** Content-Formats (RFC 7252 §12.3). */
export const ContentFormat = { text: 0, octets: 42, json: 50 } as const
/** None is sent unless the request had one (contract §7.20). */
export const formatOption = (request: Request, format: number): ReadonlyArray<Option> =>
  request.contentFormat === undefined ? [] : [uintOption(OptionNumber.ContentFormat, format)]

const formats: ReadonlySet<number> = new Set(Object.values(ContentFormat))
const templateMethod = "thing.tsltemplate.get"
const noBytes = new Uint8Array(0)
