import { Stranger, StrangerEvent, Streams, Subjects } from "@roost/contracts"
import { followTail, lastSequence, type NatsConnection, type TailMessage } from "@roost/nats"
import { metrics } from "@roost/observability"
import { Context, Effect, Layer, Result, Schedule, Schema } from "effect"
import { StrangerLog, type StrangerQuery, strangersMax } from "./StrangerLog.ts"

/** How often it is looked whether the stream is still the one that is read: a restored or replaced store begins anew. */
const lookEveryMillis = 30_000

/** The refusals of peers that name no registered device, newest first. */
export class Strangers extends Context.Service<
  Strangers,
  { readonly list: (query: StrangerQuery) => ReadonlyArray<Stranger> }
>()("@roost/device-registry/Strangers") {
  /** Nothing is read; for tests. */
  static readonly layerOf = (log: StrangerLog): Layer.Layer<Strangers> =>
    Layer.succeed(Strangers, Strangers.of({ list: (query) => log.list(query) }))

  /** Each instance reads the stream STRANGER for itself, from as far back as it keeps. */
  static readonly layer: Layer.Layer<Strangers, never, NatsConnection> = Layer.effect(
    Strangers,
    Effect.gen(function* () {
      const log = new StrangerLog()
      yield* Effect.forkScoped(follow(log))
      return Strangers.of({ list: (query) => log.list(query) })
    })
  )
}

const follow = (log: StrangerLog) =>
  Effect.gen(function* () {
    // Before the stream was made there is nothing to read.
    const end = yield* lastSequence(Streams.stranger.name).pipe(Effect.retry(Schedule.spaced("1 second")))
    const cursor = { newest: end }
    log.clear()
    const tail = followTail({
      stream: Streams.stranger.name,
      filterSubject: Subjects.stranger,
      from: "new",
      fromSequence: Math.max(1, end + 1 - strangersMax.proven - strangersMax.unproven),
      onMessage: (message) => {
        cursor.newest = Math.max(cursor.newest, message.sequence)
        const stranger = strangerOf(message)
        if (stranger === undefined) unreadable.inc()
        else log.add(stranger)
      }
    })
    const becameAnother = lastSequence(Streams.stranger.name).pipe(
      Effect.orElseSucceed(() => cursor.newest),
      Effect.delay(lookEveryMillis),
      Effect.repeat({ until: (last) => last < cursor.newest })
    )
    yield* Effect.raceFirst(tail, becameAnother)
  }).pipe(Effect.forever)

const strangerOf = ({ data, sequence }: TailMessage): Stranger | undefined => {
  const decoded = decode(Buffer.from(data.buffer, data.byteOffset, data.length).toString("utf8"))
  return Result.isSuccess(decoded) ? { ...decoded.success, id: sequence } : undefined
}

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(StrangerEvent))
const unreadable = metrics.counter(
  "roost_registry_strangers_unreadable_total",
  "Refusals of strangers that do not decode."
)
