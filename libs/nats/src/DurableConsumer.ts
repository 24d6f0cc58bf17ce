import type { Consumer, ConsumerMessages, JsMsg } from "@nats-io/jetstream"
import { headers } from "@nats-io/transport-node"
import { FormatHeader, formatFault, SetAsideHeader, Subjects } from "@roost/contracts"
import { metrics, tracing } from "@roost/observability"
import { Cause, Effect, Exit, Queue, Schedule, type Scope } from "effect"
import { ConsumerPosition } from "./internal/ConsumerPosition.ts"
import { fromClient } from "./internal/fromClient.ts"
import { handleByPeriod } from "./internal/handleByPeriod.ts"
import { openConsumer } from "./internal/openConsumer.ts"
import { forgetToldPlace, tellPlaces } from "./internal/ToldPlace.ts"
import { watchPosition } from "./internal/watchPosition.ts"
import { failuresAloneMax, Isolation } from "./Isolation.ts"
import { NatsConnection } from "./NatsConnection.ts"
import { NatsError } from "./NatsError.ts"
import { openPull, type Received } from "./PulledMessages.ts"
import { type Followed, recordConsumed, tracedOf } from "./internal/ConsumedTraces.ts"

export interface DurableConsumerOptions<R> {
  readonly stream: string
  /** Processes that use one name share the messages. */
  readonly durable: string
  readonly filterSubject: string
  /** Messages for one call of the handler at most. */
  readonly batchMax?: number
  /**
   * A batch that is not full waits until so long after the one before came; default 0. For handlers whose work is mostly per
   * batch: what comes alone is handled at once.
   */
  readonly batchEveryMillis?: number
  /** Without an ack for so long a message goes to another process, or here again. */
  readonly ackWaitMillis?: number
  /** Delay before a message whose handling failed comes again; it was delivered so many times by then. */
  readonly retryMillis?: number | ((deliveries: number) => number)
  /**
   * Whether the end of the scope waits for the batch in hand, so that it is acknowledged and comes to nobody again. The handler then allows
   * an end by itself where it waits (`Effect.interruptible`).
   */
  readonly finishes?: boolean
  /** Milliseconds since 1970: where a consumer that is new begins, if not with all that the stream has. */
  readonly startAt?: number
  /**
   * Success acknowledges the whole batch but for the messages that it names. After a failure the batch is divided: what fails
   * alone comes again and is set aside at last (`Isolation`), all else is done. Must be idempotent.
   */
  readonly handler: (
    messages: ReadonlyArray<ConsumedMessage>
  ) => Effect.Effect<ReadonlySet<ConsumedMessage> | undefined | void, unknown, R>
}

export interface ConsumedMessage {
  readonly subject: string
  readonly data: Uint8Array
  /** A header's value, empty if there is none. */
  readonly header: (name: string) => string
  /** Times this message was delivered, 1 the first time. */
  readonly deliveries: number
  /** Sequence in the stream. */
  readonly sequence: number
  /** When the stream stored it, in milliseconds since 1970 on its nats-server's clock. */
  readonly storedAt: number
}

/**
 * Handles what a stream holds for a durable pull consumer, in the background of the scope. It does so at least
 * once, in batches of what is there, one batch at a time. Survives reconnects and the loss of the consumer. Reads again what it may have
 * passed over: after the stream was set back, and after a cluster's disks were full (`watchPosition`).
 */
export const durableConsumer = Effect.fnUntraced(function* <R>(
  options: DurableConsumerOptions<R>
): Effect.fn.Return<void, never, NatsConnection | Scope.Scope | R> {
  // There before the first one: what appears with 1 has not increased, for Prometheus.
  setAsideOf(options.durable)
  const position = new ConsumerPosition()
  yield* Effect.scoped(consume(options, position)).pipe(
    Effect.tapError((error) => Effect.logWarning(error.message)),
    Effect.retry(Schedule.spaced("1 second")),
    Effect.forkScoped
  )
})

const batchMaxDefault = 256
const ackWaitMillisDefault = 30_000
const retryMillisDefault = 1_000
const pullExpiresMillis = 10_000

const consume = Effect.fnUntraced(function* <R>(options: DurableConsumerOptions<R>, position: ConsumerPosition) {
  const operation = `consumer ${options.durable} of ${options.stream}`
  const batchMax = options.batchMax ?? batchMaxDefault
  const unacknowledgedMax = 8 * batchMax
  const { ackWaitMillis = ackWaitMillisDefault, durable, filterSubject, startAt, stream } = options
  const consumer = yield* openConsumer(
    operation,
    { stream, durable, filterSubject, startAt, ackWaitMillis, unacknowledgedMax },
    position
  )
  const isolation = new Isolation<Consumed>(({ received }) => received.seq)
  const handled = (messages: ReadonlyArray<Received>) => {
    const consumed = messages.map((message) => new Consumed(message))
    const handling = handleBatch(options, consumed, isolation)
    return options.finishes === true ? Effect.uninterruptible(handling) : handling
  }
  const pause = options.batchEveryMillis ?? 0
  const run =
    pause > 0
      ? handlePulled({ operation, stream, durable, batchMax, pause, position, handled })
      : handleDelivered({ operation, consumer, batchMax, unacknowledgedMax, position, handled })
  const told = tellPlaces(operation, options, position)
  yield* Effect.raceFirst(run, Effect.raceFirst(told, watchPosition(operation, stream, position)))
})

interface Handling<R> {
  readonly operation: string
  readonly batchMax: number
  readonly position: ConsumerPosition
  readonly handled: (messages: ReadonlyArray<Received>) => Effect.Effect<void, NatsError, R>
}

/** Each message is delivered as soon as the stream has it. */
const handleDelivered = Effect.fnUntraced(function* <R>({
  batchMax,
  consumer,
  handled,
  operation,
  position,
  unacknowledgedMax
}: Handling<R> & { readonly consumer: Consumer; readonly unacknowledgedMax: number }) {
  // Room for all that the server gives out without an ack: a message that did not fit would come again after `ackWaitMillis`.
  const queue = yield* Queue.bounded<JsMsg>(unacknowledgedMax)
  const messages: ConsumerMessages = yield* Effect.acquireRelease(
    fromClient(operation, () =>
      consumer.consume({
        max_messages: batchMax,
        expires: pullExpiresMillis,
        abort_on_missing_resource: true,
        callback: (message) => {
          position.note(message)
          Queue.offerUnsafe(queue, message)
        }
      })
    ),
    (messages) => Effect.sync(() => messages.stop())
  )
  const ended = fromClient(operation, () => messages.closed()).pipe(
    Effect.flatMap((why) => new NatsError({ reason: "Rejected", operation, detail: why?.message ?? "it ended" }))
  )
  return yield* Effect.raceFirst(ended, Effect.forever(Effect.flatMap(Queue.takeBetween(queue, 1, batchMax), handled)))
})

/** Messages stay in the stream until it is time for them. */
const handlePulled = Effect.fnUntraced(function* <R>({
  batchMax,
  durable,
  handled,
  operation,
  pause,
  position,
  stream
}: Handling<R> & { readonly stream: string; readonly durable: string; readonly pause: number }) {
  const pull = yield* openPull(operation, stream, durable)
  return yield* handleByPeriod({
    batchMax,
    periodMillis: pause,
    pull,
    handle: (batch) => {
      position.note(batch.at(-1)!)
      return handled(batch)
    }
  })
})

const handleBatch = Effect.fnUntraced(function* <R>(
  options: DurableConsumerOptions<R>,
  batch: ReadonlyArray<Consumed>,
  isolation: Isolation<Consumed>
) {
  const { retryMillis = retryMillisDefault } = options
  const giveBack = (message: Consumed) => {
    message.received.nak(typeof retryMillis === "number" ? retryMillis : retryMillis(message.deliveries))
    givenBack.inc()
  }
  const acknowledge = (message: Consumed) => {
    message.received.ack()
    handled.inc()
  }
  // One by one it fails with the same words, and is set aside with them.
  const handler: typeof options.handler = (messages) => {
    for (const message of messages) {
      const fault = formatFault(message.header(FormatHeader))
      if (fault !== undefined) return Effect.die(new Error(fault))
    }
    return options.handler(messages)
  }
  const followed = tracing.active ? tracedOf(batch) : none
  const startedAt = followed.length > 0 ? Date.now() : 0
  const exit = yield* Effect.exit(handler(batch))
  if (followed.length > 0) recordConsumed(options, followed, startedAt, Exit.isSuccess(exit))
  if (Exit.isSuccess(exit)) {
    const again: ReadonlySet<ConsumedMessage> = exit.value ?? noMessages
    const done = again.size === 0 ? batch : batch.filter((message) => !again.has(message))
    isolation.noteHandled(done)
    done.forEach(acknowledge)
    for (const message of batch) if (again.has(message)) giveBack(message)
    return
  }
  if (Cause.hasInterruptsOnly(exit.cause)) return yield* Effect.interrupt
  const found = yield* isolation.divide(batch, exit.cause, handler)
  found.handled.forEach(acknowledge)
  found.again.forEach(giveBack)
  if (found.again.length > 0) {
    yield* Effect.logWarning(`${options.durable}: ${found.again.length} messages come again`, exit.cause)
  }
  yield* Effect.forEach(
    found.aside,
    ([message, reason]) =>
      setAside(options, message.received, reason).pipe(
        Effect.andThen(Effect.sync(() => message.received.ack())),
        Effect.catch((error) =>
          Effect.andThen(
            Effect.logWarning(error.message),
            Effect.sync(() => giveBack(message))
          )
        )
      ),
    { discard: true }
  )
})

/** Kept in the stream SET_ASIDE with what is needed to publish it again; acknowledged only after that. */
const setAside = Effect.fnUntraced(function* (
  { durable, stream }: { readonly durable: string; readonly stream: string },
  { data, info, seq, subject }: Received,
  reason: string
) {
  const { jetstream } = yield* NatsConnection
  const headersOfIt = headers()
  for (const [name, value] of [
    [SetAsideHeader.stream, stream],
    [SetAsideHeader.subject, subject],
    [SetAsideHeader.sequence, String(seq)],
    [SetAsideHeader.reason, reason.replaceAll(/[^\x20-\x7e]+/g, " ")]
  ] as const) {
    headersOfIt.set(name, value)
  }
  // With its time: a stream that was set back gives a sequence twice.
  const msgID = `${stream} ${seq} ${info.timestampNanos} ${durable}`
  yield* fromClient(`setting aside ${seq} of ${stream}`, () =>
    jetstream.publish(Subjects.setAside(durable), data, { headers: headersOfIt, msgID })
  )
  setAsideOf(durable).inc()
  yield* Effect.logError(
    `${durable}: message ${seq} of ${stream} (${subject}) failed alone ${failuresAloneMax} times and is in SET_ASIDE now: ${reason}`
  )
})

/** Reads headers and the reply subject only when a handler asks: of most messages it wants the data alone. */
class Consumed implements ConsumedMessage {
  readonly received: Received
  readonly header = (name: string): string => this.received.headers?.get(name) ?? ""

  constructor(received: Received) {
    this.received = received
  }

  get subject(): string {
    return this.received.subject
  }

  get data(): Uint8Array {
    return this.received.data
  }

  get deliveries(): number {
    return this.received.info.deliveryCount
  }

  get sequence(): number {
    return this.received.seq
  }

  get storedAt(): number {
    return Math.floor(this.received.info.timestampNanos / 1e6)
  }
}

/** Also fine if there is none. */
export const deleteConsumer = (stream: string, durable: string): Effect.Effect<void, NatsError, NatsConnection> =>
  Effect.flatMap(NatsConnection, ({ manager }) =>
    fromClient(`delete consumer ${durable} of ${stream}`, async () => {
      await forgetToldPlace(manager, { stream, durable })
      await manager.consumers.delete(stream, durable)
    })
  ).pipe(
    Effect.asVoid,
    Effect.catchIf(
      ({ detail }) => /not found/i.test(detail),
      () => Effect.void
    )
  )

const setAsideOf = (consumer: string) =>
  metrics.counter(
    "roost_nats_set_aside_total",
    "Messages that failed alone again and again: in the stream SET_ASIDE.",
    {
      consumer
    }
  )
const noMessages: ReadonlySet<ConsumedMessage> = new Set()
const none: ReadonlyArray<Followed> = []
const handled = metrics.counter("roost_nats_consumed_total", "Messages of durable consumers that were handled.")
const givenBack = metrics.counter("roost_nats_consumed_again_total", "Messages given back because handling failed.")
