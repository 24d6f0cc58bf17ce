import { fromJsonText } from "@roost/contracts"
import { Effect, Result, Schema } from "effect"
import type { NatsConnection } from "./NatsConnection.ts"
import type { NatsError } from "./NatsError.ts"
import { publishMessage } from "./PublishMessage.ts"
import { deleteMessage } from "./StoredMessage.ts"
import { readMessages } from "./StreamReader.ts"

/** Where a receiver's dead letters are, and where those go that it is to get again; both subjects are the stream's. */
export interface DeadLetters {
  readonly stream: string
  readonly dead: string
  readonly replay: string
}

/** Up to `max` dead letters, oldest first. One that does not decode is left out. */
export const listDeadLetters = <A, I>(
  { dead, stream }: DeadLetters,
  schema: Schema.Codec<A, I>,
  max: number
): Effect.Effect<ReadonlyArray<A>, NatsError, NatsConnection> => {
  const decode = Schema.decodeUnknownResult(fromJsonText(schema))
  return Effect.map(readMessages(stream, dead, max), (messages) =>
    messages.flatMap(({ data }) => {
      const letter = decode(Buffer.from(data).toString("utf8"))
      return Result.isSuccess(letter) ? [letter.success] : []
    })
  )
}

/** Has up to `max` of them delivered again, oldest first; says how many. A call that is broken off may repeat one of them. */
export const replayDeadLetters = Effect.fnUntraced(function* (
  { dead, replay, stream }: DeadLetters,
  max: number
): Effect.fn.Return<number, NatsError, NatsConnection> {
  const messages = yield* readMessages(stream, dead, max)
  for (const { data, sequence } of messages) {
    yield* publishMessage(replay, data)
    yield* deleteMessage(stream, sequence)
  }
  return messages.length
})
