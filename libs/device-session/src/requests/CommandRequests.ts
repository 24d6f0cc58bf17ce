import { Code } from "@roost/coap"
import { EnosCode } from "@roost/enos"
import type { Answers } from "./Answers.ts"
import type { Counters } from "../state/Counters.ts"
import type { Decision } from "./Decision.ts"
import type { DeviceActor } from "../state/DeviceActor.ts"
import type { Persistence } from "../device/Persistence.ts"
import type { Ports } from "../state/Ports.ts"
import type { RequestContext } from "./RequestContext.ts"
import type { WaitingRequests } from "./WaitingRequests.ts"
import type { DeviceSession } from "../state/DeviceSession.ts"

export interface CommandRequestsOptions {
  readonly ports: Ports
  readonly counters: Counters
  readonly persistence: Persistence
  readonly waiting: WaitingRequests
  readonly answers: Answers
}

/** Devices that fetch commands and reply to them. */
export class CommandRequests {
  readonly #options: CommandRequestsOptions

  constructor(options: CommandRequestsOptions) {
    this.#options = options
  }

  /** Hands out the oldest waiting command of the topic. The event may be lost: the command is offered again then. */
  fetch(now: number, context: RequestContext, topic: string): void {
    const { answers, counters, persistence, ports } = this.#options
    const { actor, session } = context
    const command = actor.pending === 0 ? undefined : actor.commands.take(now, topic, session.facts.downlink)
    if (command === undefined) {
      answers.report(now, session, "nothing-pending", nothingPendingText(topic, actor), { routine: true })
      return answers.answer(now, context, Code.NotFound)
    }
    counters.commandsFetched++
    const fetched = { _tag: "Fetched", commandId: command.id, at: now, delivery: command.deliveries } as const
    ports.storeCommandEvent(0, actor.productKey, actor.deviceKey, fetched)
    answers.report(now, session, "command-fetched", `the device fetched command ${command.id} from ${topic}`, {
      detail: { commandId: command.id, delivery: command.deliveries }
    })
    persistence.touch(actor)
    answers.provide(now, context, command.payload, true)
  }

  /** Gives the reply to the store; `finish` follows. The token of a reply that the store's queue has no room for. */
  reply(
    now: number,
    context: RequestContext,
    { code, commandTopic, data, id, message }: Decision & { readonly _tag: "CommandReply" }
  ): number | undefined {
    const { answers, ports, waiting } = this.#options
    const { actor, session } = context
    const commandId = actor.pending === 0 ? undefined : findReplied(actor, commandTopic, id)
    if (commandId === undefined) {
      const reason = unknownReplyText(commandTopic, id, actor)
      answers.report(now, session, "command-reply-ignored", reason)
      answers.succeed(now, context, noBytes)
      return undefined
    }
    const event = {
      _tag: "Replied",
      commandId,
      at: now,
      code,
      ...(message === undefined ? {} : { message }),
      ...(data === undefined ? {} : { data })
    } as const
    const token = waiting.add(context, { kind: "reply", replied: { commandId, code } })
    return ports.storeCommandEvent(token, actor.productKey, actor.deviceKey, event) ? undefined : token
  }

  /** The reply is stored; until downlink-queue removes the entry, the command must not be offered again. */
  finish(
    now: number,
    actor: DeviceActor,
    session: DeviceSession,
    { code, commandId }: { readonly commandId: string; readonly code: number }
  ): void {
    const { answers, counters, persistence } = this.#options
    counters.commandReplies++
    actor.commands.finish(commandId)
    this.tellOvertaken(now, actor)
    persistence.touch(actor)
    const outcome = code === EnosCode.success ? "succeeded" : `failed with code ${code}`
    answers.report(now, session, "command-replied", `command ${commandId} ${outcome}`, { detail: { commandId, code } })
  }

  /** Commands that newer ones have overtaken are to end as that, and never to be offered again. */
  tellOvertaken(now: number, actor: DeviceActor): void {
    const { persistence, ports } = this.#options
    for (const { by, id } of actor.commands.takeOvertaken()) {
      persistence.touch(actor)
      const event = { _tag: "Overtaken", commandId: id, at: now, by } as const
      ports.storeCommandEvent(0, actor.productKey, actor.deviceKey, event)
    }
  }
}

/** Routine for a device that asks now and then without Option 2100. */
const nothingPendingText = (topic: string, actor: DeviceActor): string => {
  const waiting = actor.pending === 0 ? [] : actor.commands.topics(topicsShownMax)
  const where =
    waiting.length === 0
      ? "none waits for the device at all. Option 2100 of any answer announces one; its topic is the one to GET"
      : `those that wait are on ${waiting.map((each) => `/topic${each}`).join(", ")}. GET the topic that Option 2100 announces`
  return `4.04: GET /topic${topic}: a topic of commands, on which none waits; ${where}`
}

const unknownReplyText = (topic: string, id: string | undefined, actor: DeviceActor): string => {
  const command = id === undefined ? undefined : (actor.commands.find(id) ?? actor.commands.findNumbered(id))
  const what = id === undefined ? "raw bytes" : `the id ${JSON.stringify(id.slice(0, idShownMax))}`
  const came = `a reply with ${what} came on /topic${topic}_reply`
  if (command === undefined) {
    return (
      `${came}: expected the id of a command that the device fetched. Likely the command is over (answered, timed out, cancelled), or the reply has ` +
      "an id of its own. Reply once, with the command's id"
    )
  }
  return command.topic === topic
    ? `${came}, whose command the device did not fetch: expected a GET of /topic${topic} before its reply`
    : `${came}, whose command was fetched from /topic${command.topic}: expected it on /topic${command.topic}_reply`
}

/** Different topics, and characters of an id, that are shown. */
const topicsShownMax = 3
const idShownMax = 40

/** The command that a reply answers: by id, and a raw reply the oldest delivered one of its topic. */
const findReplied = (actor: DeviceActor, commandTopic: string, id: string | undefined): string | undefined => {
  if (id === undefined) return actor.commands.oldestDelivered(commandTopic)?.id
  const command = actor.commands.find(id) ?? actor.commands.findNumbered(id)
  return command?.topic === commandTopic && command.deliveries > 0 ? command.id : undefined
}

const noBytes = new Uint8Array(0)
