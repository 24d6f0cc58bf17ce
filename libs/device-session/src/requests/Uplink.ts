import { Code, type Request } from "@roost/coap"
import { oddTimeOf } from "@roost/enos"
import type { DeviceSession } from "../state/DeviceSession.ts"
import { report } from "../state/DeviceTurn.ts"
import { saveThisTurn } from "../state/Saving.ts"
import { kindBit } from "../state/UplinkKinds.ts"
import { answer, succeed } from "./Answers.ts"
import type { Decision } from "./Decision.ts"
import { exchangeId, isCopy } from "./ExchangeId.ts"
import type { AskedProperties } from "./Properties.ts"
import { askRegistry } from "./PropertyRequests.ts"
import type { RequestContext } from "./RequestContext.ts"
import type { RequestTrace } from "./RequestTraces.ts"
import { type RequestTurn, seen } from "./RequestTurn.ts"
import type { WaitingRequest } from "./WaitingRequests.ts"

type StoreUplink = Decision & { readonly _tag: "StoreUplink" }

/** Gives what the device reports to the store; `uplinkStored` follows. An ACK means stored. */
export const storeUplink = (turn: RequestTurn, context: RequestContext, decision: StoreUplink): void => {
  const { method, params, reply } = decision
  const odd = params === undefined ? undefined : oddTimeOf(method, params, turn.now)
  if (odd !== undefined) {
    const why = `the device's ${odd.text}; it is stored as it was written`
    report(turn, context.session, "time-odd", why, { code: `time-${odd.fault}` })
  }
  const trace = turn.traces.active ? turn.traces.begin(seen(turn, context.device, decision.topic)) : undefined
  const uplink = uplinkOf(turn, context, decision, trace)
  if (uplink === undefined) return succeed(turn, context, reply)
  const promised = context.original === undefined ? reply : noBytes
  context.session.exchanges?.promise(context.exchange, uplink.id, promised)
  const token = turn.waiting.add(context, { kind: "uplink", payload: reply, trace })
  turn.effects.push({ _tag: "StoreUplink", token, uplink })
}

/** The same for a change of attributes or tags: the registry is asked to make it once it is stored. */
export const storeChange = (
  turn: RequestTurn,
  context: RequestContext,
  decision: Decision & { readonly _tag: "AskProperties" }
): void => {
  const { asked } = decision
  const uplink = uplinkOf(turn, context, decision, undefined)
  if (uplink === undefined) return askRegistry(turn, context, asked)
  const token = turn.waiting.add(context, { kind: "change", asked })
  turn.effects.push({ _tag: "StoreUplink", token, uplink })
}

/** The stream has it. */
export const uplinkStored = (turn: RequestTurn, waiting: WaitingRequest): void => {
  turn.counters.uplinksStored++
  turn.waiting.answers = waiting.heardAt
  turn.traces.answering = waiting.trace
  succeed(turn, waiting, waiting.payload)
}

/** The stream has the change. */
export const changeStored = (turn: RequestTurn, waiting: WaitingRequest, asked: AskedProperties): void => {
  turn.counters.uplinksStored++
  askRegistry(turn, waiting, asked)
}

/** The store can't take what the device said, and the device hears 5.00: it keeps it. */
export const notStored = (turn: RequestTurn, context: RequestContext): void => {
  turn.counters.uplinksFailed++
  report(turn, context.session, "store-unavailable", notStoredText, { code: "store-unavailable" })
  answer(turn, context, Code.InternalServerError)
}

/** Undefined: a former owner stored it and died before its answer got through. */
const uplinkOf = (
  turn: RequestTurn,
  { device, mayRepeat, original, request, session }: RequestContext,
  { kind, method, topic }: Pick<StoreUplink, "kind" | "method" | "topic">,
  trace: RequestTrace | undefined
) => {
  // By the device's own bytes: what a script makes of them may differ from copy to copy.
  const own = original ?? request
  const id = exchangeId(session.scope, own)
  if (session.recalled !== undefined && wasStored(turn.now, session, id, request)) {
    turn.counters.copiesAnswered++
    return undefined
  }
  const bit = kindBit(kind)
  if ((session.kinds & bit) === 0) {
    session.kinds |= bit
    saveThisTurn(turn, device)
  }
  const { formerScope } = session
  return {
    productKey: device.productKey,
    deviceKey: device.deviceKey,
    kind,
    session: session.handle,
    topic,
    method,
    at: turn.now,
    id,
    record: session.dtls.highest,
    repeats: formerScope !== undefined && mayRepeat ? exchangeId(formerScope, own) : undefined,
    payload: request.payload,
    trace: trace?.store
  }
}

const wasStored = (now: number, session: DeviceSession, id: string, request: Request): boolean => {
  const { recalled } = session
  if (recalled === undefined || now >= recalled.until) {
    session.recalled = undefined
    return false
  }
  return recalled.ids.some((storedId) => isCopy(storedId, id, request))
}

const notStoredText =
  "the store did not say within its time that it has the message: the device was told 5.00, and keeps it. Likely nats-server is away, has no leader, or its disk or " +
  "stream is full. Look at /readyz of session-actors and at docs/operations.md; the device comes again by itself"

const noBytes = new Uint8Array(0)
