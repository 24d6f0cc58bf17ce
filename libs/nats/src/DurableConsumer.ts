import { AckPolicy, type Consumer, type ConsumerMessages, DeliverPolicy, type JsMsg } from "@nats-io/jetstream"
import { nanos } from "@nats-io/transport-node"
import { metrics } from "@roost/observability"
import { Effect, Queue, Schedule, type Scope } from "effect"
import { fromClient } from "./internal/fromClient.ts"
import { NatsConnection } from "./NatsConnection.ts"
import { NatsError } from "./NatsError.ts"

export interface DurableConsumerOptions<R> {
  readonly stream: string
  /** Processes that use one name share the messages. */
  readonly durable: string
  readonly filterSubject: string
  /** Messages for one call of the handler at most. */
  readonly batchMax?: number
  /**
   * A batch that is not full waits until so long after the one before; default 0. For handlers whose work is mostly per
   * batch: what comes alone is handled at once.
   */
  readonly batchEveryMillis?: number
  /** Without an ack for so long a message goes to another process, or here again. */
  readonly ackWaitMillis?: number
  /** Delay before a message whose handling failed comes again; it was delivered so many times by then. */
  readonly retryMillis?: number | ((deliveries: number) => number)
  /** Milliseconds since 1970: where a consumer that is new begins, if not with all that the stream has. */
  readonly startAt?: number
  /**
   * Success acknowledges the whole batch but for the messages that it names; failure gives the whole batch back. Must be
   * idempotent.
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
}

/**
 * Handles what a stream holds for a durable pull consumer, in the background of the scope: at least once, in batches
 * of what is there, one batch at a time. Survives reconnects and the loss of the consumer.
 */
export const durableConsumer = Effect.fnUntraced(function* <R>(
  options: DurableConsumerOptions<R>
): Effect.fn.Return<void, never, NatsConnection | Scope.Scope | R> {
  yield* Effect.scoped(consume(options)).pipe(
    Effect.tapError((error) => Effect.logWarning(error.message)),
    Effect.retry(Schedule.spaced("1 second")),
    Effect.forkScoped
  )
})

const batchMaxDefault = 256
const ackWaitMillisDefault = 30_000
const retryMillisDefault = 1_000
const pullExpiresMillis = 10_000

const unacknowledgedMax = (batchMax: number): number => 8 * batchMax

const consume = Effect.fnUntraced(function* <R>(options: DurableConsumerOptions<R>) {
  const operation = `consumer ${options.durable} of ${options.stream}`
  const batchMax = options.batchMax ?? batchMaxDefault
  const consumer = yield* openConsumer(operation, options, batchMax)
  // Room for all that the server gives out without an ack: a message that did not fit would come again after `ackWaitMillis`.
  const queue = yield* Queue.bounded<JsMsg>(unacknowledgedMax(batchMax))
  const messages: ConsumerMessages = yield* Effect.acquireRelease(
    fromClient(operation, () =>
      consumer.consume({
        max_messages: batchMax,
        expires: pullExpiresMillis,
        abort_on_missing_resource: true,
        callback: (message) => void Queue.offerUnsafe(queue, message)
      })
    ),
    (messages) => Effect.sync(() => messages.stop())
  )
  const ended = fromClient(operation, () => messages.closed()).pipe(
    Effect.flatMap((why) => new NatsError({ reason: "Rejected", operation, detail: why?.message ?? "it ended" }))
  )
  const pause = options.batchEveryMillis ?? 0
  // No use waiting for more while a whole batch is there.
  const next = Effect.suspend(() =>
    pause > 0 && Queue.sizeUnsafe(queue) < batchMax ? Effect.sleep(pause) : Effect.void
  )
  yield* Effect.raceFirst(ended, Effect.forever(Effect.andThen(handleBatch(options, queue, batchMax), next)))
})

const openConsumer = Effect.fnUntraced(function* <R>(
  operation: string,
  options: DurableConsumerOptions<R>,
  batchMax: number
): Effect.fn.Return<Consumer, NatsError, NatsConnection> {
  const { jetstream, manager } = yield* NatsConnection
  return yield* fromClient(operation, async () => {
    await manager.consumers.add(options.stream, {
      durable_name: options.durable,
      filter_subject: options.filterSubject,
      ...(options.startAt === undefined
        ? { deliver_policy: DeliverPolicy.All }
        : { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(options.startAt).toISOString() }),
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(options.ackWaitMillis ?? ackWaitMillisDefault),
      max_ack_pending: unacknowledgedMax(batchMax)
    })
    return jetstream.consumers.get(options.stream, options.durable)
  })
})

const handleBatch = Effect.fnUntraced(function* <R>(
  options: DurableConsumerOptions<R>,
  queue: Queue.Queue<JsMsg>,
  batchMax: number
) {
  const batch = yield* Queue.takeBetween(queue, 1, batchMax)
  const messages = batch.map((message) => new Consumed(message))
  const { retryMillis = retryMillisDefault } = options
  const giveBack = (message: JsMsg) => {
    message.nak(typeof retryMillis === "number" ? retryMillis : retryMillis(message.info.deliveryCount))
    givenBack.inc()
  }
  yield* options.handler(messages).pipe(
    Effect.matchCauseEffect({
      onSuccess: (again) =>
        Effect.sync(() => {
          for (const [index, message] of batch.entries()) {
            if (again?.has(messages[index]!) === true) giveBack(message)
            else message.ack()
          }
          handled.inc(batch.length - (again?.size ?? 0))
        }),
      onFailure: (cause) =>
        Effect.sync(() => {
          for (const message of batch) giveBack(message)
        }).pipe(Effect.andThen(Effect.logWarning(`${options.durable}: ${batch.length} messages come again`, cause)))
    })
  )
})

/** Reads headers and the reply subject only when a handler asks: of most messages it wants the data alone. */
class Consumed implements ConsumedMessage {
  readonly #message: JsMsg
  readonly header = (name: string): string => this.#message.headers?.get(name) ?? ""

  constructor(message: JsMsg) {
    this.#message = message
  }

  get subject(): string {
    return this.#message.subject
  }

  get data(): Uint8Array {
    return this.#message.data
  }

  get deliveries(): number {
    return this.#message.info.deliveryCount
  }
}

/** Also fine if there is none. */
export const deleteConsumer = (stream: string, durable: string): Effect.Effect<void, NatsError, NatsConnection> =>
  Effect.flatMap(NatsConnection, ({ manager }) =>
    fromClient(`delete consumer ${durable} of ${stream}`, () => manager.consumers.delete(stream, durable))
  ).pipe(
    Effect.asVoid,
    Effect.catchIf(
      ({ detail }) => /not found/i.test(detail),
      () => Effect.void
    )
  )

const handled = metrics.counter("roost_nats_consumed_total", "Messages of durable consumers that were handled.")
const givenBack = metrics.counter("roost_nats_consumed_again_total", "Messages given back because handling failed.")
