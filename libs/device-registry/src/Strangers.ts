import { Stranger, StrangerEvent, Streams, Subjects } from "@roost/contracts"
import type { NatsConnection, TailMessage } from "@roost/nats"
import { metrics } from "@roost/observability"
import { Context, Effect, Layer, Result, Schema } from "effect"
import { followNewest } from "./followNewest.ts"
import { StrangerLog, type StrangerQuery, strangersMax } from "./StrangerLog.ts"

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
  followNewest({
    stream: Streams.stranger.name,
    filterSubject: Subjects.stranger,
    kept: strangersMax.proven + strangersMax.unproven,
    clear: () => log.clear(),
    onMessage: (message) => {
      const stranger = strangerOf(message)
      if (stranger === undefined) unreadable.inc()
      else log.add(stranger)
    }
  })

const strangerOf = ({ data, sequence }: TailMessage): Stranger | undefined => {
  const decoded = decode(Buffer.from(data.buffer, data.byteOffset, data.length).toString("utf8"))
  return Result.isSuccess(decoded) ? { ...decoded.success, id: sequence } : undefined
}

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(StrangerEvent))
const unreadable = metrics.counter(
  "roost_registry_strangers_unreadable_total",
  "Refusals of strangers that do not decode."
)
