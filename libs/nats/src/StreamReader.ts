import { type ConsumerMessages, DeliverPolicy, type JsMsg } from "@nats-io/jetstream"
import { Effect, Schedule, Stream } from "effect"
import { fromClient, toNatsError } from "./internal/fromClient.ts"
import { readAgainFrom, wasSetBack } from "./internal/Place.ts"
import { whenConnected } from "./internal/whenConnected.ts"
import { NatsConnection } from "./NatsConnection.ts"
import type { NatsError } from "./NatsError.ts"
import type { TailMessage } from "./OrderedTail.ts"

/** Messages that are asked for ahead of the reader. */
const aheadMax = 64
const pullExpiresMillis = 10_000
const heartbeatMillis = 2_000

/** The last message that a reader had: its sequence, and when the stream stored it, as far as the reader knows. */
export interface ReaderPlace {
  readonly sequence: number
  readonly storedAt?: number
}

/**
 * The messages of a stream in order behind a place, as fast as they are taken and no faster. The rest stays in the stream.
 * Never ends. For readers that may be slow; `tailConsumer` is for those that are not.
 *
 * The stream may be set back behind the place, also while it is read. Then what came since follows, and messages of the minute
 * before the place come once more.
 */
export const readStream = (options: {
  readonly stream: string
  readonly filterSubject: string
  readonly behind: ReaderPlace
}): Stream.Stream<TailMessage, NatsError, NatsConnection> =>
  Stream.suspend(() => {
    const operation = `reading ${options.filterSubject}`
    let place = options.behind
    const open = Effect.suspend(() => openBehind(operation, options.stream, options.filterSubject, place))
    /** Until server or consumer are gone. The next server may have lost what this reader had, so another consumer reads it. */
    const readWith = (opened: typeof open) =>
      Stream.unwrap(
        Effect.map(opened, (messages) =>
          Stream.fromAsyncIterable(messages, (error) => toNatsError(operation, error)).pipe(
            Stream.map(tailMessage),
            Stream.tap(({ sequence, storedAt }) => Effect.sync(() => void (place = { sequence, storedAt })))
          )
        )
      )
    const openAgain = Effect.andThen(whenConnected, Effect.retry(open, untilStreamsAreThere))
    return Stream.concat(readWith(open), Stream.forever(readWith(openAgain)))
  })

/** A nats-server that has just started knows its streams some seconds later. */
const untilStreamsAreThere = Schedule.max([Schedule.spaced("500 millis"), Schedule.recurs(20)])

const openBehind = Effect.fnUntraced(function* (
  operation: string,
  stream: string,
  filterSubject: string,
  { sequence, storedAt }: ReaderPlace
) {
  const { jetstream, manager, onStatus } = yield* NatsConnection
  const { messages } = yield* Effect.acquireRelease(
    fromClient(operation, async () => {
      // Before the first message there is none that could be lost.
      const place = storedAt === undefined || sequence === 0 ? undefined : { sequence, storedAt }
      const isSetBack = place !== undefined && (await wasSetBack(manager, stream, place))
      const consumer = await jetstream.consumers.get(stream, {
        filter_subjects: filterSubject,
        ...(isSetBack
          ? { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(readAgainFrom(place)).toISOString() }
          : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: sequence + 1 })
      })
      const messages = await consumer.consume({
        max_messages: aheadMax,
        expires: pullExpiresMillis,
        idle_heartbeat: heartbeatMillis
      })
      const unlisten = onStatus((up) => up || messages.stop())
      void stopWhenLost(messages)
      return { consumer, messages, unlisten }
    }),
    // Nobody waits: `close()` of messages that nobody began to take never ends, and what is not deleted goes by itself.
    ({ consumer, messages, unlisten }) =>
      Effect.sync(() => {
        unlisten()
        messages.stop()
        void consumer.delete().catch(() => undefined)
      })
  )
  return messages
})

/** The client would make another consumer, which begins behind the last sequence whatever has become of the stream. */
const stopWhenLost = async (messages: ConsumerMessages): Promise<void> => {
  for await (const { type } of messages.status()) if (lost.has(type)) messages.stop()
}

const lost: ReadonlySet<string> = new Set([
  "consumer_deleted",
  "consumer_not_found",
  "heartbeats_missed",
  "reset",
  "stream_not_found"
])

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

/** The place of a stream's last message: a reader behind it hears what comes from now on. */
export const endOfStream = (stream: string): Effect.Effect<Required<ReaderPlace>, NatsError, NatsConnection> =>
  Effect.flatMap(NatsConnection, ({ manager }) =>
    fromClient(`end of ${stream}`, async () => {
      const { last_seq, last_ts } = (await manager.streams.info(stream)).state
      // Of a stream that never had one it is in the year 1.
      return { sequence: last_seq, storedAt: Math.max(0, Date.parse(String(last_ts))) }
    })
  )

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
