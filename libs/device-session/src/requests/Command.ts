import { Code } from "@roost/coap"
import { EnosCode } from "@roost/enos"
import type { RefusalCode } from "@roost/explain"
import type { DeviceState } from "../state/DeviceState.ts"
import { type DeviceTurn, report } from "../state/DeviceTurn.ts"
import { saveThisTurn } from "../state/Saving.ts"
import { answer, provide, succeed } from "./Answers.ts"
import type { Decision } from "./Decision.ts"
import type { RequestContext } from "./RequestContext.ts"
import { type RequestTurn, seen } from "./RequestTurn.ts"
import type { WaitingRequest } from "./WaitingRequests.ts"

/** Hands out the oldest waiting command of the topic. The event may be lost: the command is offered again then. */
export const fetchCommand = (turn: RequestTurn, context: RequestContext, topic: string): void => {
  const { device, session } = context
  const command = device.pending === 0 ? undefined : device.commands.take(turn.now, topic, session.facts.downlink)
  if (command === undefined) {
    report(turn, session, "nothing-pending", nothingPendingText(topic, device), {
      code: "nothing-pending",
      routine: true
    })
    return answer(turn, context, Code.NotFound)
  }
  turn.counters.commandsFetched++
  if (turn.traces.active) turn.traces.answering = turn.traces.follow(seen(turn, device, topic), "fetch", command)
  const event = { _tag: "Fetched", commandId: command.id, at: turn.now, delivery: command.deliveries } as const
  turn.effects.push({ _tag: "StoreCommandEvent", token: 0, event })
  report(turn, session, "command-fetched", `the device fetched command ${command.id} from ${topic}`, {
    detail: { commandId: command.id, delivery: command.deliveries }
  })
  saveThisTurn(turn, device)
  provide(turn, context, command.payload, true)
}

/** Gives the reply to the store; `replyStored` follows. */
export const storeReply = (
  turn: RequestTurn,
  context: RequestContext,
  { code, commandTopic, data, id, message }: Decision & { readonly _tag: "CommandReply" }
): void => {
  const { device, session } = context
  const commandId = device.pending === 0 ? undefined : findReplied(device, commandTopic, id)
  if (commandId === undefined) {
    const { code: refusal, reason } = ignoredReply(commandTopic, id, device)
    report(turn, session, "command-reply-ignored", reason, { code: refusal })
    return succeed(turn, context, noBytes)
  }
  const event = {
    _tag: "Replied",
    commandId,
    at: turn.now,
    code,
    ...(message === undefined ? {} : { message }),
    ...(data === undefined ? {} : { data })
  } as const
  const command = device.commands.find(commandId)
  const trace = turn.traces.active ? turn.traces.follow(seen(turn, device, commandTopic), "reply", command) : undefined
  const token = turn.waiting.add(context, { kind: "reply", replied: { commandId, code }, trace })
  turn.effects.push({ _tag: "StoreCommandEvent", token, event, ...(trace !== undefined && { trace: trace.store }) })
}

/** The reply is stored; until downlink-queue removes the entry, the command must not be offered again. */
export const replyStored = (
  turn: RequestTurn,
  waiting: WaitingRequest,
  { code, commandId }: NonNullable<WaitingRequest["replied"]>
): void => {
  const { device, session, trace } = waiting
  turn.traces.answering = trace
  turn.counters.commandReplies++
  device.commands.finish(commandId)
  tellOvertaken(turn, device)
  saveThisTurn(turn, device)
  const outcome = code === EnosCode.success ? "succeeded" : `failed with code ${code}`
  report(turn, session, "command-replied", `command ${commandId} ${outcome}`, { detail: { commandId, code } })
  succeed(turn, waiting, waiting.payload)
}

/** Commands that newer ones have overtaken are to end as that, and never to be offered again. */
export const tellOvertaken = (turn: DeviceTurn, device: DeviceState): void => {
  for (const { by, id } of device.commands.takeOvertaken()) {
    saveThisTurn(turn, device)
    const event = { _tag: "Overtaken", commandId: id, at: turn.now, by } as const
    turn.effects.push({ _tag: "StoreCommandEvent", token: 0, event })
  }
}

/** Routine for a device that asks now and then without Option 2100. */
const nothingPendingText = (topic: string, device: DeviceState): string => {
  const waiting = device.pending === 0 ? [] : device.commands.topics(topicsShownMax)
  const where =
    waiting.length === 0
      ? "none waits for the device at all. Option 2100 of any answer announces one; its topic is the one to GET"
      : `those that wait are on ${waiting.map((each) => `/topic${each}`).join(", ")}. GET the topic that Option 2100 announces`
  return `4.04: GET /topic${topic}: a topic of commands, on which none waits; ${where}`
}

const ignoredReply = (
  topic: string,
  id: string | undefined,
  device: DeviceState
): { readonly code: RefusalCode; readonly reason: string } => {
  const command = id === undefined ? undefined : (device.commands.find(id) ?? device.commands.findNumbered(id))
  const what = id === undefined ? "raw bytes" : `the id ${JSON.stringify(id.slice(0, idShownMax))}`
  const came = `a reply with ${what} came on /topic${topic}_reply`
  if (command === undefined) {
    const reason =
      `${came}: expected the id of a command that the device fetched. Likely the command is over (answered, timed out, cancelled), or the reply has ` +
      "an id of its own. Reply once, with the command's id"
    return { code: "reply-unknown", reason }
  }
  return command.topic === topic
    ? {
        code: "reply-before-fetch",
        reason: `${came}, whose command the device did not fetch: expected a GET of /topic${topic} before its reply`
      }
    : {
        code: "reply-other-topic",
        reason: `${came}, whose command was fetched from /topic${command.topic}: expected it on /topic${command.topic}_reply`
      }
}

/** Different topics, and characters of an id, that are shown. */
const topicsShownMax = 3
const idShownMax = 40

/** The command that a reply answers: by id, and a raw reply the oldest delivered one of its topic. */
const findReplied = (device: DeviceState, commandTopic: string, id: string | undefined): string | undefined => {
  if (id === undefined) return device.commands.oldestDelivered(commandTopic)?.id
  const command = device.commands.find(id) ?? device.commands.findNumbered(id)
  return command?.topic === commandTopic && command.deliveries > 0 ? command.id : undefined
}

const noBytes = new Uint8Array(0)
