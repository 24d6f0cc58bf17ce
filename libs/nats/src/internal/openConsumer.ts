import {
  AckPolicy,
  type Consumer,
  type ConsumerConfig,
  type ConsumerInfo,
  DeliverPolicy,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy
} from "@nats-io/jetstream"
import { nanos } from "@nats-io/transport-node"
import { Effect } from "effect"
import { NatsConnection } from "../NatsConnection.ts"
import type { NatsError } from "../NatsError.ts"
import type { ConsumerPosition } from "./ConsumerPosition.ts"
import { fromClient } from "./fromClient.ts"
import { readAgainFrom, wasSetBack } from "./Place.ts"

interface WantedConsumer {
  readonly stream: string
  readonly durable: string
  readonly filterSubject: string
  readonly startAt: number | undefined
  readonly ackWaitMillis: number
  readonly unacknowledgedMax: number
}

/**
 * The durable consumer as it is wanted. It is made if it is not there. It is made anew if it would not give all that came since it
 * gave something. That is so where `position` says it, and where the consumer is beyond the end of its stream.
 */
export const openConsumer = Effect.fnUntraced(function* (
  operation: string,
  wanted: WantedConsumer,
  position: ConsumerPosition
): Effect.fn.Return<Consumer, NatsError, NatsConnection> {
  const { jetstream, manager } = yield* NatsConnection
  const { durable, stream } = wanted
  const [consumer, lost] = yield* fromClient(operation, async () => {
    const known = await consumerInfo(manager, stream, durable)
    const lost = known !== undefined && (await passesOver(manager, stream, known, position))
    const start = known === undefined || lost ? await startOf(manager, wanted, position) : startOfKnown(known.config)
    if (lost) await manager.consumers.delete(stream, durable)
    const made = await manager.consumers.add(stream, {
      durable_name: durable,
      filter_subject: wanted.filterSubject,
      ...start,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(wanted.ackWaitMillis),
      max_ack_pending: wanted.unacknowledgedMax
    })
    position.readsBy(made.created, lost)
    return [await jetstream.consumers.get(stream, durable), lost] as const
  })
  if (lost) yield* Effect.logWarning(`${operation} was made anew, since it would pass over messages; some come again`)
  return consumer
})

/** Undefined if there is none. */
export const consumerInfo = async (
  { consumers }: JetStreamManager,
  stream: string,
  durable: string
): Promise<ConsumerInfo | undefined> => {
  try {
    return await consumers.info(stream, durable)
  } catch (error) {
    if (error instanceof JetStreamApiError && error.status === 404) return undefined
    throw error
  }
}

/** Whether a consumer is beyond the end of its stream, as it is once the stream was set back and not the consumer. */
export const isBeyond = async (
  { streams }: JetStreamManager,
  stream: string,
  { delivered }: ConsumerInfo
): Promise<boolean> => delivered.stream_seq > (await streams.info(stream)).state.last_seq

const passesOver = async (
  manager: JetStreamManager,
  stream: string,
  known: ConsumerInfo,
  position: ConsumerPosition
): Promise<boolean> => {
  if (!position.isOf(known.created)) return isBeyond(manager, stream, known)
  if (position.again !== undefined) return true
  const place = position.doubtful
  if (place === undefined || !(await wasSetBack(manager, stream, place))) return isBeyond(manager, stream, known)
  position.readAgain(place)
  return true
}

type Start = Partial<Pick<ConsumerConfig, "deliver_policy" | "opt_start_time" | "opt_start_seq">>

/** The server takes no other start of a consumer that is there. */
const startOfKnown = ({ deliver_policy, opt_start_seq, opt_start_time }: ConsumerConfig): Start => ({
  ...(deliver_policy === undefined ? {} : { deliver_policy }),
  ...(opt_start_seq === undefined ? {} : { opt_start_seq }),
  ...(opt_start_time === undefined ? {} : { opt_start_time })
})

const startOf = async (
  { streams }: JetStreamManager,
  { startAt, stream }: WantedConsumer,
  { again }: ConsumerPosition
): Promise<Start> => {
  // A work queue still has the work that nobody has done, and it takes no consumer that begins later.
  if ((await streams.info(stream)).config.retention === RetentionPolicy.Workqueue) {
    return { deliver_policy: DeliverPolicy.All }
  }
  const from = again === undefined ? startAt : Math.max(startAt ?? 0, readAgainFrom(again))
  return from === undefined
    ? { deliver_policy: DeliverPolicy.All }
    : { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(from).toISOString() }
}
