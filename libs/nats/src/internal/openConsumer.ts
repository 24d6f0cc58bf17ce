import {
  AckPolicy,
  type Consumer,
  type ConsumerConfig,
  type ConsumerInfo,
  JetStreamApiError,
  type JetStreamManager
} from "@nats-io/jetstream"
import { nanos } from "@nats-io/transport-node"
import { Effect } from "effect"
import { NatsConnection } from "../NatsConnection.ts"
import type { NatsError } from "../NatsError.ts"
import type { ConsumerPosition } from "./ConsumerPosition.ts"
import { type ConsumerStart, type ReadAgain, startOf } from "./ConsumerStart.ts"
import { fromClient } from "./fromClient.ts"
import { wasSetBack } from "./Place.ts"
import { forgetToldPlace, readToldPlace } from "./ToldPlace.ts"

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
    const again = known && (await readsAgain(manager, wanted, known, position))
    const lost = again !== undefined
    if (known && lost) position.replaces(again, known.ack_floor.stream_seq)
    const start = known && !lost ? startOfKnown(known.config) : await startOfNew(manager, wanted, position)
    if (lost) {
      await forgetToldPlace(manager, wanted)
      await manager.consumers.delete(stream, durable)
    }
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

/** From where `known` has to read again; undefined if it passes over nothing. */
const readsAgain = async (
  manager: JetStreamManager,
  wanted: WantedConsumer,
  known: ConsumerInfo,
  position: ConsumerPosition
): Promise<ReadAgain | undefined> => {
  const { stream } = wanted
  if (!position.isOf(known.created)) return readsAgainSinceTold(manager, wanted, known)
  if (position.again !== undefined) return position.again
  const place = position.doubtful
  if (place !== undefined && (await wasSetBack(manager, stream, place))) return { _tag: "Since", place }
  return (await isBeyond(manager, stream, known)) ? everything : undefined
}

/**
 * The same for a process that has read nothing by it yet. Power may have failed: the consumer's position can be newer on the
 * disk than its stream and than the place that was told. Only the start of a server brings back less than there was.
 * A server says no time of the last delivery until it delivers something after its start.
 */
const readsAgainSinceTold = async (
  manager: JetStreamManager,
  wanted: WantedConsumer,
  known: ConsumerInfo
): Promise<ReadAgain | undefined> => {
  const { stream } = wanted
  const told = await readToldPlace(manager, wanted)
  // A process that made it after that knew where it has to begin.
  if (told === undefined || told.toldAt < Date.parse(known.created)) {
    return (await isBeyond(manager, stream, known)) ? everything : undefined
  }
  const { place } = told
  if (await wasSetBack(manager, stream, place)) return { _tag: "Since", place }
  const { last_active, stream_seq } = known.delivered
  const wentOnUntold = stream_seq > place.sequence && last_active === undefined
  return wentOnUntold || (await isBeyond(manager, stream, known))
    ? { _tag: "Behind", sequence: place.sequence }
    : undefined
}

const everything: ReadAgain = { _tag: "All" }

/** The server takes no other start of a consumer that is there. */
const startOfKnown = ({ deliver_policy, opt_start_seq, opt_start_time }: ConsumerConfig): ConsumerStart => ({
  ...(deliver_policy === undefined ? {} : { deliver_policy }),
  ...(opt_start_seq === undefined ? {} : { opt_start_seq }),
  ...(opt_start_time === undefined ? {} : { opt_start_time })
})

const startOfNew = async (
  { streams }: JetStreamManager,
  { filterSubject, startAt, stream }: WantedConsumer,
  { again, handledUpTo }: ConsumerPosition
): Promise<ConsumerStart> => {
  const { retention } = (await streams.info(stream)).config
  const behind = { seq: handledUpTo + 1, next_by_subj: filterSubject }
  const unhandled = again === undefined || handledUpTo === Infinity ? null : await streams.getMessage(stream, behind)
  return startOf({ retention, startAt, again, handledUpTo, unhandledAt: unhandled?.time.getTime() })
}
