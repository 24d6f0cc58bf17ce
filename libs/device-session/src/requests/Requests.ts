import { allowance, take } from "@roost/bounded"
import { Code, formatCode } from "@roost/coap"
import type { RefusalCode } from "@roost/explain"
import type { Conversion, Script } from "@roost/raw-script"
import type { DeviceSession } from "../state/DeviceSession.ts"
import type { DeviceState } from "../state/DeviceState.ts"
import { report } from "../state/DeviceTurn.ts"
import { saveNextTick } from "../state/Saving.ts"
import { fetchSecret } from "./Activation.ts"
import { answer, respond, succeed, tooMany } from "./Answers.ts"
import { fetchCommand, replyStored, storeReply } from "./Command.ts"
import { ContentFormat, decide, type Decision, nameTopic } from "./Decision.ts"
import { mayAsk, questionsPerSecondMax } from "./Properties.ts"
import { askRegistry } from "./PropertyRequests.ts"
import { failureCodes, failureText, isOfBytes, isRaw, readConverted, throwsText, unreadText } from "./RawProduct.ts"
import { recordDecision } from "../recording/Decisions.ts"
import type { RequestContext } from "./RequestContext.ts"
import type { RequestTurn } from "./RequestTurn.ts"
import { changeStored, notStored, storeChange, storeUplink, uplinkStored } from "./Uplink.ts"
import type { WaitingRequest } from "./WaitingRequests.ts"

/** A request of a device. `decide` decides what is to become of it; here that is done. */
export const handleRequest = (turn: RequestTurn, context: RequestContext): void => {
  const { now, profiles } = turn
  const { requestsBurstMax, requestsPerSecondMax } = turn.config
  const { request, session } = context
  session.requests ??= allowance(now, requestsBurstMax)
  if (!take(session.requests, now, requestsPerSecondMax, requestsBurstMax)) {
    return tooMany(turn, context, retrySeconds, `than ${requestsPerSecondMax} requests a second`)
  }
  // The same array means the same path (`Request.path`).
  const named = session.lastTopic?.path === request.path ? session.lastTopic : nameTopic(request.path)
  session.lastTopic = named
  const decision = decide(session, request, named, profiles.modelOf(session.productKey))
  const script = isRaw(named) ? profiles.scriptOf(session.productKey) : undefined
  if (script === undefined || decision._tag === "Refuse") return carryOut(turn, context, decision)
  const token = turn.waiting.add(context, { kind: "rawRequest" })
  turn.effects.push({ _tag: "RunScript", token, call: { script, direction: "up", input: request.payload } })
}

const carryOut = (turn: RequestTurn, context: RequestContext, decision: Decision): void => {
  const { device, session } = context
  if (turn.recorder.active) recordDecision(turn, device, decision)
  // An uplink leaves its trace in the stream; of all else the store hears with the next tick.
  if (decision._tag !== "StoreUplink") saveNextTick(turn, device)
  if ("unread" in decision && decision.unread !== undefined) {
    const why = `the device's message was accepted, but ${decision.unread}`
    report(turn, session, "message-odd", why, { code: "message-odd" })
  }
  switch (decision._tag) {
    case "StoreUplink":
      return storeUplink(turn, context, decision)
    case "AskProperties": {
      const what = `than ${questionsPerSecondMax} messages about attributes and tags a second`
      if (!mayAsk(device, turn.now)) return tooMany(turn, context, retrySeconds, what)
      if (decision.asked.ask._tag === "Query") return askRegistry(turn, context, decision.asked)
      return storeChange(turn, context, decision)
    }
    case "FetchCommand":
      return fetchCommand(turn, context, decision.topic)
    case "CommandReply":
      return storeReply(turn, context, decision)
    case "FetchSecret":
      return fetchSecret(turn, context)
    case "RefuseByReply":
      report(turn, session, "uplink-refused", decision.reason, { code: decision.refusal, hint: decision.hint })
      return succeed(turn, context, decision.reply)
    case "Refuse": {
      const reason = `${formatCode(decision.code)}: ${decision.reason}`
      report(turn, session, "request-refused", reason, { code: decision.refusal, hint: decision.hint })
      return answer(turn, context, decision.code)
    }
  }
}

/** The store acknowledged what it was given; or it could not take it, and the device hears 5.00. */
export const handleStored = (turn: RequestTurn, waiting: WaitingRequest, stored: boolean): void => {
  turn.traces.stored(turn.now, waiting.trace, stored)
  if (!stored) return notStored(turn, waiting)
  const { asked, kind, replied } = waiting
  if (kind === "change" && asked !== undefined) return changeStored(turn, waiting, asked)
  if (kind === "reply" && replied !== undefined) return replyStored(turn, waiting, replied)
  uplinkStored(turn, waiting)
}

/** A script read what a raw product's device said, or wrote what it is answered. */
export const handleConverted = (turn: RequestTurn, waiting: WaitingRequest, conversion: Conversion): void => {
  const { request, session } = waiting
  const script = turn.profiles.scriptOf(session.productKey)
  if (script === undefined) {
    const why =
      "the product's script was taken back while it ran; the device was told 5.00, and its bytes pass as they are from now on"
    report(turn, session, "script-failed", why, { code: "script-withdrawn" })
    return answer(turn, waiting, Code.InternalServerError)
  }
  if (waiting.kind === "rawAnswer") return answerConverted(turn, waiting, conversion)
  if (conversion._tag === "Failed") {
    const why = failureText(conversion, script, request.payload)
    return refuseRaw(turn, waiting, script, { code: failureCodes[conversion.reason], why }, isOfBytes(conversion))
  }
  const model = turn.profiles.modelOf(session.productKey)
  const read = readConverted(session, request, nameTopic(request.path), conversion.bytes, model)
  if (typeof read === "string") {
    const why = unreadText(read, script, request.payload)
    return refuseRaw(turn, waiting, script, { code: "script-result", why }, true)
  }
  turn.scripts.succeeded(session.productKey)
  const { device, exchange, mayRepeat } = waiting
  carryOut(turn, { device, session, exchange, request: read.converted, original: request, mayRepeat }, read.decision)
}

const answerConverted = (turn: RequestTurn, waiting: WaitingRequest, conversion: Conversion): void => {
  turn.traces.answering = waiting.trace
  if (waiting.stored) turn.waiting.answers = waiting.heardAt
  if (conversion._tag === "Converted") return respond(turn, waiting, conversion.bytes, ContentFormat.octets)
  const why = `the answer can't be written, and the device was answered without payload: ${conversion.reason}, ${conversion.message}`
  report(turn, waiting.session, "script-failed", why, { code: "script-answer" })
  // An uplink that is stored is not taken back because its answer can't be written.
  succeed(turn, waiting, noBytes)
}

/** 4.00 for bytes that the script can't read, since they would come again for ever; 5.00 where that is not known. */
const refuseRaw = (
  turn: RequestTurn,
  waiting: RequestContext,
  script: Script,
  { code, why }: { readonly code: RefusalCode; readonly why: string },
  isOfItsBytes: boolean
): void => {
  const { deviceKey, productKey } = waiting.device
  report(turn, waiting.session, "script-failed", why, { code })
  answer(turn, waiting, isOfItsBytes ? Code.BadRequest : Code.InternalServerError)
  const failing = isOfItsBytes ? turn.scripts.failed(productKey, script.version, deviceKey) : undefined
  if (failing === undefined) return
  const hint = () => `: ${failing.join(", ")}. The last time ${why}`
  const reason = throwsText(script)
  turn.effects.push({ _tag: "ReportProduct", kind: "script-throws", code: "script-fails-for-several", reason, hint })
}

/**
 * Answers the request that a former owner acknowledged empty only: its device waits and sends nothing. 2.04 if the stream has it,
 * else 5.00, so that the device sends it again.
 */
export const answerOwed = (turn: RequestTurn, device: DeviceState, session: DeviceSession): void => {
  for (const { exchange, name, reply, request } of session.exchanges?.owed ?? []) {
    const context = { device, session, exchange, request, original: undefined, mayRepeat: false }
    if (name !== "" && session.recalled?.ids.includes(name) === true) {
      turn.counters.copiesAnswered++
      respond(turn, context, reply, ContentFormat.json)
      continue
    }
    const why = "the device's former owner went away before it could answer; the device was told 5.00"
    report(turn, session, "store-unavailable", why, { code: "former-owner-gone" })
    answer(turn, context, Code.InternalServerError)
  }
}

/** After which a device may send again that asked too much. */
const retrySeconds = 1
const noBytes = new Uint8Array(0)
