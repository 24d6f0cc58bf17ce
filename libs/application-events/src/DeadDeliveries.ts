import { DeadDelivery, deadPerRequestMax, type EventSource, Streams, Subjects, fromJsonText } from "@roost/contracts"
import { type DeadLetters, listDeadLetters, replayDeadLetters } from "@roost/nats"
import { Result, Schema } from "effect"

const stream = Streams.webhookDead.name

const lettersOf = (webhookId: string): DeadLetters => ({
  stream,
  dead: Subjects.webhookDead(webhookId),
  replay: Subjects.webhookReplay(webhookId)
})

/** The deliveries that a webhook did not take, oldest first. */
export const listDead = (webhookId: string) => listDeadLetters(lettersOf(webhookId), DeadDelivery, deadPerRequestMax)

/** Has it delivered again; says how many. A call that is broken off may repeat one of them. */
export const replayDead = (webhookId: string) => replayDeadLetters(lettersOf(webhookId), deadPerRequestMax)

/** Dead deliveries that come again, as the events that they were. */
export const replaySource = (webhookId: string): EventSource => ({
  stream,
  subject: () => Subjects.webhookReplay(webhookId),
  read: ({ data }) => {
    const dead = decodeDead(utf8.decode(data))
    return Result.isSuccess(dead) ? (dead.success.event as ReturnType<EventSource["read"]>) : undefined
  }
})

const decodeDead = Schema.decodeUnknownResult(fromJsonText(DeadDelivery))
const utf8 = new TextDecoder()
