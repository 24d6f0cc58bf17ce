import { DeliverPolicy, type JsMsg } from "@nats-io/jetstream"
import { Effect, Stream } from "effect"
import { fromClient, toNatsError } from "./internal/fromClient.ts"
import { NatsConnection } from "./NatsConnection.ts"
import type { NatsError } from "./NatsError.ts"
import type { TailMessage } from "./OrderedTail.ts"

/** Messages that are asked for ahead of the reader. */
const aheadMax = 64
const pullExpiresMillis = 10_000
const heartbeatMillis = 2_000

/**
 * The messages of a stream in order from a sequence on, as fast as they are taken and no faster. The rest stays in the
 * stream. Never ends. For readers that may be slow; `tailConsumer` is for those that are not.
 */
export const readStream = (options: {
  readonly stream: string
  readonly filterSubject: string
  readonly fromSequence: number
}): Stream.Stream<TailMessage, NatsError, NatsConnection> => {
  const operation = `reading ${options.filterSubject}`
  return Stream.unwrap(
    Effect.gen(function* () {
      const { jetstream } = yield* NatsConnection
      const { messages } = yield* Effect.acquireRelease(
        fromClient(operation, async () => {
          const consumer = await jetstream.consumers.get(options.stream, {
            filter_subjects: options.filterSubject,
            deliver_policy: DeliverPolicy.StartSequence,
            opt_start_seq: options.fromSequence
          })
          const messages = await consumer.consume({
            max_messages: aheadMax,
            expires: pullExpiresMillis,
            idle_heartbeat: heartbeatMillis
          })
          return { consumer, messages }
        }),
        // Nobody waits: `close()` of messages that nobody began to take never ends, and what is not deleted goes by itself.
        ({ consumer, messages }) =>
          Effect.sync(() => {
            messages.stop()
            void consumer.delete().catch(() => undefined)
          })
      )
      return Stream.fromAsyncIterable(messages, (error) => toNatsError(operation, error)).pipe(Stream.map(tailMessage))
    })
  )
}

/** Up to `max` messages of a subject, oldest first: what there is now. */
export const readMessages = Effect.fnUntraced(function* (
  stream: string,
  filterSubject: string,
  max: number
): Effect.fn.Return<ReadonlyArray<TailMessage>, NatsError, NatsConnection> {
  const { jetstream } = yield* NatsConnection
  return yield* fromClient(`reading ${filterSubject}`, async () => {
    const consumer = await jetstream.consumers.get(stream, { filter_subjects: filterSubject })
    const { num_pending } = await consumer.info()
    const found: Array<TailMessage> = []
    if (num_pending > 0) {
      const messages = await consumer.fetch({ max_messages: Math.min(max, num_pending), expires: 2_000 })
      for await (const message of messages) found.push(tailMessage(message))
    }
    await consumer.delete()
    return found
  })
})

/** The sequence of a stream's last message. */
export const lastSequence = (stream: string): Effect.Effect<number, NatsError, NatsConnection> =>
  Effect.flatMap(NatsConnection, ({ manager }) =>
    fromClient(`end of ${stream}`, async () => (await manager.streams.info(stream)).state.last_seq)
  )

const tailMessage = ({ data, headers, info, seq, subject }: JsMsg): TailMessage => ({
  subject,
  data,
  sequence: seq,
  storedAt: Math.floor(info.timestampNanos / 1e6),
  header: (name) => headers?.get(name) ?? ""
})
