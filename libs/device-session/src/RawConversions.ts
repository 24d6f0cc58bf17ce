import type { Request } from "@roost/coap"
import {
  decodeCommandReply,
  decodeMethod,
  EnosCode,
  isExactNumber,
  isSuccess,
  parseJson,
  uplinkOfMethod
} from "@roost/enos"
import type { Conversion, Direction, Script } from "@roost/raw-script"
import * as Result from "effect/Result"
import { type Decision, judgeUplink, type NamedTopic, type SessionRights } from "./Decision.ts"
import type { ActiveModel } from "./ProductProfiles.ts"

/** What is given to a product's script, and in which direction. */
export interface ScriptCall {
  readonly script: Script
  readonly direction: Direction
  readonly input: Uint8Array
}

/** Whether a decision is about bytes that the product's script has to read first: an uplink, or the reply to a command. */
export const isRaw = ({ topic }: NamedTopic): boolean =>
  (topic._tag === "Uplink" || topic._tag === "CommandReply") && topic.raw

/** A request of a raw product as its script read it. `converted` has the JSON for its payload. */
export interface ReadRequest {
  readonly decision: Decision
  readonly converted: Request
}

/**
 * What the script's JSON asks for: an uplink by its `method`, or, without one, the reply to a command (enos-protocol §5). Text when it is
 * neither, for the operator: the script's fault.
 */
export const readConverted = (
  rights: SessionRights,
  request: Request,
  named: NamedTopic,
  bytes: Uint8Array,
  model: ActiveModel | undefined
): ReadRequest | string => {
  const converted: Request = { ...request, payload: bytes }
  const { topic } = named
  if (topic._tag === "CommandReply") {
    const reply = decodeCommandReply(bytes)
    if (Result.isFailure(reply)) return `the script gave no reply to a command: ${reply.failure.message}`
    const { code, data, id, message } = reply.success
    const told = { id, code: isSuccess(code) ? EnosCode.success : code, message, data }
    return { converted, decision: { _tag: "CommandReply", commandTopic: topic.commandTopic, ...told } }
  }
  const method = decodeMethod(bytes)
  const uplink = method === undefined ? undefined : uplinkOfMethod(method)
  if (method === undefined || uplink === undefined) {
    return `the script gave no message with a method that a device may send, but ${method ?? "none"}`
  }
  const text = `/sys/${rights.productKey}/${rights.deviceKey}/${uplink.name}`
  return { converted, decision: judgeUplink(rights, converted, text, uplink.kind, method, model) }
}

/** The answer to an uplink as the script gets it: EnOS's `data` is an empty text there (enos-protocol §5). */
export const answerForScript = (reply: Uint8Array): Uint8Array => {
  const { data, ...rest } = parseJson(new TextDecoder().decode(reply)) as { readonly data?: unknown }
  const isEmpty = typeof data === "object" && data !== null && !isExactNumber(data) && Object.keys(data).length === 0
  return new TextEncoder().encode(JSON.stringify({ ...rest, data: data === undefined || isEmpty ? "" : data }))
}

/** One sentence for the operator. */
export const failureText = (conversion: Conversion & { readonly _tag: "Failed" }, { version }: Script): string =>
  `the product's script, version ${version}, failed: ${conversion.reason}, ${conversion.message}`
