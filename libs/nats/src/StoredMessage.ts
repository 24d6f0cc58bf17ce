import { Effect } from "effect"
import { fromClient } from "./internal/fromClient.ts"
import { NatsConnection } from "./NatsConnection.ts"
import { NatsError } from "./NatsError.ts"

/** A message of a stream that was asked for by itself. */
export interface StoredMessage {
  readonly data: Uint8Array
  /** A header's value, empty if there is none. */
  readonly header: (name: string) => string
  /** In the stream; the revision of a bucket's entry. */
  readonly sequence: number
}

/**
 * The last message of exactly this subject; undefined if there is none. A subject with wildcards works too, but the
 * server of 2.9 then goes through all subjects of the stream: 2.3 ms with 20 000 of them, where this takes 0.17 ms.
 */
export const lastMessage = Effect.fnUntraced(function* (
  stream: string,
  subject: string
): Effect.fn.Return<StoredMessage | undefined, NatsError, NatsConnection> {
  const { connected, manager } = yield* NatsConnection
  const operation = `last of ${subject}`
  if (!connected()) {
    return yield* new NatsError({ reason: "Disconnected", operation, detail: "no nats-server is connected" })
  }
  const message = yield* fromClient(operation, () => manager.streams.getMessage(stream, { last_by_subj: subject }))
  if (message === null) return undefined
  return { data: message.data, sequence: message.seq, header: (name) => message.header.get(name) }
})

/** Removes exactly one message. That it is gone already is no error. */
export const deleteMessage = (stream: string, sequence: number): Effect.Effect<void, never, NatsConnection> =>
  Effect.flatMap(NatsConnection, ({ manager }) =>
    fromClient(`delete ${sequence} of ${stream}`, () => manager.streams.deleteMessage(stream, sequence, false))
  ).pipe(Effect.ignore)
