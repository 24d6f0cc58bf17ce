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
import type { RefusalCode } from "@roost/explain"
import type { Conversion, Script } from "@roost/raw-script"
import * as Result from "effect/Result"
import { failingDevicesMax } from "./ScriptFailures.ts"
import { type Decision, judgeUplink } from "./Decision.ts"
import type { ActiveModel } from "../state/ProductProfiles.ts"
import type { NamedTopic, SessionRights } from "../state/SessionRights.ts"

/** Whether a decision is about bytes that the product's script has to read first: an uplink, or the reply to a command. */
export const isRaw = ({ topic }: NamedTopic): boolean =>
  (topic._tag === "Uplink" || topic._tag === "CommandReply") && topic.raw

/** A request of a raw product as its script read it. `converted` has the JSON for its payload. */
export interface ReadRequest {
  readonly decision: Decision
  readonly converted: Request
}

/**
 * The request in the script's JSON: an uplink by its `method`, or, without one, the reply to a command (enos-protocol §5). Text when it is
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
  return { converted, decision: judgeUplink(rights, converted, text, { kind: uplink.kind, method }, model) }
}

/** The answer to an uplink as the script gets it: EnOS's `data` is an empty text there (enos-protocol §5). */
export const answerForScript = (reply: Uint8Array): Uint8Array => {
  const { data, ...rest } = parseJson(new TextDecoder().decode(reply)) as { readonly data?: unknown }
  const isEmpty = typeof data === "object" && data !== null && !isExactNumber(data) && Object.keys(data).length === 0
  return new TextEncoder().encode(JSON.stringify({ ...rest, data: data === undefined || isEmpty ? "" : data }))
}

type Failed = Conversion & { readonly _tag: "Failed" }

/**
 * Whether the script ran and could not read the bytes: then they are illegal, and firmware that repeats them repeats them for
 * ever. The cause that ended it, or kept it from running, says nothing of them.
 */
export const isOfBytes = ({ reason }: Failed): boolean => reason === "Threw" || reason === "BadResult"

/** For the operator. */
export const failureText = (failure: Failed, script: Script, input: Uint8Array): string =>
  `${shownCall(script, input)} failed: ${failure.reason}, ${failure.message}. ${cures[failure.reason]}`

/** By how a conversion failed. */
export const failureCodes = {
  Threw: "script-threw",
  BadResult: "script-result",
  TimeLimit: "script-limit",
  MemoryLimit: "script-limit",
  NotLoaded: "script-not-loaded",
  NotDefined: "script-not-loaded",
  Busy: "script-busy",
  Suspended: "script-busy",
  Crashed: "script-crashed"
} as const satisfies Readonly<Record<Failed["reason"], RefusalCode>>

/** The same where the script gave a text that is no message; `why` says what is wrong with it. */
export const unreadText = (why: string, script: Script, input: Uint8Array): string =>
  `${shownCall(script, input)} failed: ${why}. ${cures.BadResult}`

/** Of a product, where several devices in a row met the same. */
export const throwsText = ({ version }: Script): string =>
  `the product's script, version ${version}, could not read the bytes of ${failingDevicesMax} devices in a row`

const shownCall = ({ version }: Script, input: Uint8Array): string => {
  const hex = input.subarray(0, shownBytesMax).toHex()
  const bytes = `${input.length} bytes ${hex}${input.length > shownBytesMax ? "…" : ""}`
  return `the product's script, version ${version}, given ${bytes},`
}

const testIt = "Try it with these bytes (POST …/script:test)"
const cures: Readonly<Record<Failed["reason"], string>> = {
  Threw: `Likely the device sent another frame than the script knows, or it was cut. ${testIt}; the device was told 4.00`,
  BadResult: `Likely the script has no case for this frame. It has to give a message with id, version, method and params. ${testIt}; the device was told 4.00`,
  TimeLimit: `Likely a loop has no end for them. ${testIt}; the device was told 5.00`,
  MemoryLimit: `Likely it keeps what it should not. ${testIt}; the device was told 5.00`,
  NotLoaded: "Mend its text, test and publish it; the device was told 5.00",
  NotDefined: "Mend its text, test and publish it; the device was told 5.00",
  Busy: "Likely its devices send more than it can convert. Make it faster, or have devices send less at once; the device was told 5.00",
  Suspended:
    "It runs again in half a minute at the most. Mend what the event before this one says; the device was told 5.00",
  Crashed: "Look into the log of session-actors; the device was told 5.00"
}
/** Bytes of a device that are shown. */
const shownBytesMax = 64
