import { DeadDelivery, deadPerRequestMax, Streams, Subjects, fromJsonText } from "@roost/contracts"
import { deleteMessage, type NatsConnection, type NatsError, publishMessage, readMessages } from "@roost/nats"
import { Effect, Result, Schema } from "effect"
import type { EventSource } from "./EventSource.ts"

const stream = Streams.webhookDead.name

const deadOf = (webhookId: string) => readMessages(stream, Subjects.webhookDead(webhookId), deadPerRequestMax)

/** The deliveries that a webhook did not take, oldest first. */
export const listDead = (webhookId: string): Effect.Effect<ReadonlyArray<DeadDelivery>, NatsError, NatsConnection> =>
  Effect.map(deadOf(webhookId), (messages) =>
    messages.flatMap(({ data }) => {
      const dead = decodeDead(utf8.decode(data))
      return Result.isSuccess(dead) ? [dead.success] : []
    })
  )

/** Has it delivered again; says how many. A call that is broken off may repeat one of them. */
export const replayDead = Effect.fnUntraced(function* (
  webhookId: string
): Effect.fn.Return<number, NatsError, NatsConnection> {
  const messages = yield* deadOf(webhookId)
  for (const { data, sequence } of messages) {
    yield* publishMessage(Subjects.webhookReplay(webhookId), data)
    yield* deleteMessage(stream, sequence)
  }
  return messages.length
})

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
