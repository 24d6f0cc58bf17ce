import { type JetStreamClient, JetStreamApiError, type JetStreamManager } from "@nats-io/jetstream"
import { Buckets, fromJsonText } from "@roost/contracts"
import { Effect, Result, Schema } from "effect"
import { NatsConnection } from "../NatsConnection.ts"
import type { ConsumerPosition } from "./ConsumerPosition.ts"
import { fromClient } from "./fromClient.ts"
import type { Place } from "./Place.ts"

/** How far a durable consumer came, as the last process that read by it told the bucket STORE. */
export interface ToldPlace {
  readonly place: Place
  /** When it was told, in milliseconds since 1970 on the clock of the nats-server that leads the bucket. */
  readonly toldAt: number
}

interface Reader {
  readonly stream: string
  readonly durable: string
}

const StoredPlace = fromJsonText(Schema.Struct({ sequence: Schema.Int, storedAt: Schema.Finite }))
const decode = Schema.decodeUnknownResult(StoredPlace)
const encode = Schema.encodeSync(StoredPlace)

/** Messages of so long a time are told together: that many come again once a process and the store have died together. */
const tellMillis = 2_000

const bucketStream = `KV_${Buckets.store.name}`
const subjectOf = ({ durable, stream }: Reader): string => `$KV.${Buckets.store.name}.place.${stream}.${durable}`

/** Undefined if nobody told one. */
export const readToldPlace = async (manager: JetStreamManager, reader: Reader): Promise<ToldPlace | undefined> => {
  const told = await toldMessage(manager, reader)
  const place = told === undefined ? undefined : Result.getOrUndefined(decode(told.string()))
  return told === undefined || place === undefined ? undefined : { place, toldAt: told.time.getTime() }
}

/** Tells each place that a consumer comes to, the last one of every two seconds. A write that fails is made up for by the next. */
export const tellPlaces = (
  operation: string,
  reader: Reader,
  position: ConsumerPosition
): Effect.Effect<never, never, NatsConnection> =>
  Effect.gen(function* () {
    const { jetstream } = yield* NatsConnection
    const tell = Effect.suspend(() => {
      const { place } = position
      return place === undefined ? Effect.void : Effect.ignore(write(operation, jetstream, reader, place))
    })
    const next = Effect.andThen(position.moved, Effect.andThen(Effect.sleep(tellMillis), tell))
    return yield* Effect.ensuring(Effect.forever(next), tell)
  })

/** For a consumer that is made anew or deleted: the next one by its name is told nothing of where it came to. */
export const forgetToldPlace = async (manager: JetStreamManager, reader: Reader): Promise<void> => {
  const told = await toldMessage(manager, reader)
  if (told !== undefined) await manager.streams.deleteMessage(bucketStream, told.seq, false)
}

const write = (operation: string, jetstream: JetStreamClient, reader: Reader, place: Place) =>
  fromClient(`${operation}, telling its place`, () => jetstream.publish(subjectOf(reader), encode(place)))

const toldMessage = async ({ streams }: JetStreamManager, reader: Reader) => {
  try {
    return (await streams.getMessage(bucketStream, { last_by_subj: subjectOf(reader) })) ?? undefined
  } catch (error) {
    if (error instanceof JetStreamApiError && error.status === 404) return undefined
    throw error
  }
}
