import { Code, formatCode, type Option, optionBytes, OptionNumber, uintOption } from "@roost/coap"
import { option2100Value } from "@roost/enos"
import { report } from "../state/DeviceTurn.ts"
import { recordAnnouncement } from "../recording/Decisions.ts"
import { ContentFormat, formatOption } from "./Decision.ts"
import { carryOutMessage, type MessageOutput } from "./MessageOutputs.ts"
import { answerForScript } from "./RawProduct.ts"
import type { RequestContext } from "./RequestContext.ts"
import type { RequestTurn } from "./RequestTurn.ts"

/* Answers of devices' requests: codes, formats, the announcement of a command, and the events that explain refusals. */

/** A 2.xx to an authenticated request: with Option 2100 while anything undelivered waits. */
export const succeed = (turn: RequestTurn, context: RequestContext, payload: Uint8Array): void => {
  const converted = payload.length > 0 && context.original !== undefined
  const script = converted ? turn.profiles.scriptOf(context.session.productKey) : undefined
  if (script === undefined) return respond(turn, context, payload, ContentFormat.json)
  const stored = turn.waiting.answers !== 0
  const token = turn.waiting.add(context, { kind: "rawAnswer", trace: turn.traces.answering, stored })
  const call = { script, direction: "down", input: answerForScript(payload) } as const
  turn.effects.push({ _tag: "RunScript", token, call })
}

/** The same with bytes that no script has to write. */
export const respond = (
  turn: RequestTurn,
  context: RequestContext,
  payload: Uint8Array,
  contentFormat: number
): void => {
  const format = payload.length === 0 ? noOptions : formatOption(context.request, contentFormat)
  const announcement = context.session.secureMode === 2 ? announcementOf(turn, context) : noOptions
  answer(turn, context, Code.Changed, payload, [...format, ...announcement])
}

/** JSON that a GET asked for. `announces`: with Option 2100 as above. */
export const provide = (turn: RequestTurn, context: RequestContext, json: Uint8Array, announces: boolean): void => {
  const code = turn.config.getSuccess === "2.05" ? Code.Content : Code.Changed
  const format = formatOption(context.request, ContentFormat.json)
  const announcement = announces ? announcementOf(turn, context) : noOptions
  answer(turn, context, code, json, [...format, ...announcement])
}

/** 4.29 (RFC 8516): the device may ask again after so many seconds. `what` came too often. */
export const tooMany = (turn: RequestTurn, context: RequestContext, retrySeconds: number, what: string): void => {
  const code = formatCode(Code.TooManyRequests)
  const why =
    `${code}: the device sends more ${what}. Likely it repeats without waiting for answers, or a loop has no pause. ` +
    `Have it wait for its answers, and for Max-Age, ${retrySeconds} s, after a ${code}`
  report(turn, context.session, "request-refused", why, { code: "too-many-requests" })
  retryLater(turn, context, retrySeconds)
}

/** The same where an event of another kind says why. */
export const retryLater = (turn: RequestTurn, context: RequestContext, retrySeconds: number): void =>
  answer(turn, context, Code.TooManyRequests, noBytes, [uintOption(OptionNumber.MaxAge, retrySeconds)])

export const answer = (
  turn: RequestTurn,
  { device, exchange, session }: RequestContext,
  code: number,
  payload: Uint8Array = noBytes,
  options: ReadonlyArray<Option> = noOptions
): void => {
  // A response belongs to the session and epoch of its request (RFC 7252 §9.1.1).
  if (device.session !== session || session.exchanges === undefined) return
  const outputs = session.exchanges.respond(turn.now, exchange, { code, options, payload })
  const tooLarge = outputs.some((output) => output._tag === "Transmit" && output.cause === "ResponseTooLarge")
  turn.counters.responded(tooLarge ? Code.InternalServerError : code)
  if (tooLarge) {
    const why = `the answer of ${payload.length} bytes was replaced by 5.00: it is more than is sent in blocks, or no block of it fits a record of this session (${session.dtls.writeBytesMax} bytes)`
    report(turn, session, "response-too-large", why, { code: "response-too-large" })
  }
  // An answer makes no request.
  for (const output of outputs) carryOutMessage(turn, device, session, output as MessageOutput)
}

const announcementOf = (turn: RequestTurn, { device, exchange, session }: RequestContext): ReadonlyArray<Option> => {
  const command = device.announced(turn.now)
  if (command === undefined) return noOptions
  const value = option2100Value(command.topic)
  if (value === undefined) return noOptions
  const bytes = optionBytes(OptionNumber.PendingCommand, value.length) + formatBytes
  const room = session.exchanges?.optionBytesMax(exchange) ?? 0
  if (bytes > room) {
    turn.counters.announcementsLeftOut++
    const why =
      `command ${command.id} was not announced: Option 2100 with ${command.topic} takes ${bytes} bytes, and a record ` +
      `of this session, ${session.dtls.writeBytesMax} bytes by the device's own limit, has ${Math.max(0, room)} left ` +
      `for it; agree on a larger max_fragment_length or record_size_limit, or let the device GET the topic unasked`
    report(turn, session, "announcement-left-out", why, {
      code: "announcement-left-out",
      detail: { commandId: command.id }
    })
    return noOptions
  }
  if (device.commands.hint(command)) {
    const event = { _tag: "Hinted", commandId: command.id, at: turn.now } as const
    turn.effects.push({ _tag: "StoreCommandEvent", token: 0, event })
  }
  if (turn.recorder.active) recordAnnouncement(turn, device, command.topic)
  return [{ number: OptionNumber.PendingCommand, value }]
}

/** Of the Content-Format that stands beside Option 2100. */
const formatBytes = optionBytes(OptionNumber.ContentFormat, 1)
const noBytes = new Uint8Array(0)
const noOptions: ReadonlyArray<Option> = []
