import type { StoredMsg, StreamAPI } from "@nats-io/jetstream"
import { FormatHeader, formatFault } from "@roost/contracts"
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
  readonly subject: string
}

/**
 * The last message of exactly this subject; undefined if there is none. A subject with wildcards works too, but the
 * server of 2.9 then goes through all subjects of the stream. That is 2.3 ms with 20 000 of them, where this takes 0.17 ms.
 */
export const lastMessage = Effect.fnUntraced(function* (
  stream: string,
  subject: string
): Effect.fn.Return<StoredMessage | undefined, NatsError, NatsConnection> {
  return yield* ask(`last of ${subject}`, (streams) => streams.getMessage(stream, { last_by_subj: subject }))
})

/** The newest message of a stream that has a payload, among its last `lookback`; undefined if there is none. */
export const newestMessage = Effect.fnUntraced(function* (
  stream: string,
  lookback: number
): Effect.fn.Return<StoredMessage | undefined, NatsError, NatsConnection> {
  const { state } = yield* call(`state of ${stream}`, (streams) => streams.info(stream))
  const oldest = Math.max(state.first_seq, state.last_seq - lookback + 1, 1)
  for (let sequence = state.last_seq; sequence >= oldest; sequence--) {
    const found = yield* ask(`${sequence} of ${stream}`, (streams) => streams.getMessage(stream, { seq: sequence }))
    // A deleted entry of a bucket leaves a message without payload.
    if (found !== undefined && found.data.length > 0) return found
  }
  return undefined
})

const call = <A>(operation: string, run: (streams: StreamAPI) => Promise<A>) =>
  Effect.gen(function* () {
    const { connected, manager } = yield* NatsConnection
    if (!connected()) {
      return yield* new NatsError({ reason: "Disconnected", operation, detail: "no nats-server is connected" })
    }
    return yield* fromClient(operation, () => run(manager.streams))
  })

const ask = (operation: string, run: (streams: StreamAPI) => Promise<StoredMsg | null>) =>
  Effect.flatMap(call(operation, run), (message): Effect.Effect<StoredMessage | undefined, NatsError> => {
    if (message === null) return Effect.succeed(undefined)
    const { data, header, seq, subject } = message
    const fault = formatFault(header.get(FormatHeader))
    if (fault !== undefined) return Effect.fail(new NatsError({ reason: "Malformed", operation, detail: fault }))
    return Effect.succeed({ data, sequence: seq, subject, header: (name) => header.get(name) })
  })

/** Removes exactly one message. That it is gone already is no error. */
export const deleteMessage = (stream: string, sequence: number): Effect.Effect<void, never, NatsConnection> =>
  Effect.flatMap(NatsConnection, ({ manager }) =>
    fromClient(`delete ${sequence} of ${stream}`, () => manager.streams.deleteMessage(stream, sequence, false))
  ).pipe(Effect.ignore)
