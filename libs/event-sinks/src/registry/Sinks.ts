import {
  Buckets,
  ClusterKeys,
  type NewSink,
  NoSuchSink,
  requestBytes,
  requestTime,
  Sealing,
  sealPurpose,
  type SinkReplacement,
  type SinkTarget,
  sinksMax,
  StoredSink,
  TooManySinks
} from "@roost/contracts"
import { awaitStreams, type Entry, type OpenedText, openSealedBucket } from "@roost/nats"
import { Context, Effect, Layer, Option, Result, Schema, type Scope } from "effect"

/**
 * The sinks, in the bucket SINKS, each sealed whole with the cluster key. The registry changes them, and every process of the app `sinks`
 * writes what the bucket says.
 */
export class Sinks extends Context.Service<
  Sinks,
  {
    readonly create: (sink: NewSink) => Effect.Effect<StoredSink, TooManySinks>
    readonly get: (sinkId: string) => Effect.Effect<StoredSink, NoSuchSink>
    /** Oldest first. */
    readonly list: Effect.Effect<ReadonlyArray<StoredSink>>
    /** Gives what it was, too. */
    readonly change: (
      sinkId: string,
      change: (stored: StoredSink) => StoredSink
    ) => Effect.Effect<readonly [before: StoredSink, after: StoredSink], NoSuchSink>
    /** Gives what it was. */
    readonly delete: (sinkId: string) => Effect.Effect<StoredSink, NoSuchSink>
    /** Those there are, then each change, for as long as the scope lasts. One that does not open is logged and left out. */
    readonly follow: (handlers: {
      readonly onPut: (sink: StoredSink) => void
      readonly onDelete: (sinkId: string) => void
    }) => Effect.Effect<void, never, Scope.Scope>
  }
>()("@roost/event-sinks/Sinks") {
  static readonly layer = Layer.effect(
    Sinks,
    Effect.gen(function* () {
      const sealing = new Sealing(yield* ClusterKeys, sealPurpose.sink)
      yield* awaitStreams({ streams: [], buckets: [Buckets.sinks] })
      const bucket = yield* openSealedBucket(Buckets.sinks, sealing, { keys: sinkKeys, called: "sinks" })
      const put = (sink: StoredSink) => bucket.put(sink.sinkId, JSON.stringify(sink))
      const opened = ({ value }: Entry<OpenedText>): StoredSink | undefined =>
        value === undefined ? undefined : Result.getOrElse(decodeSink(value), () => undefined)
      const find = Effect.fnUntraced(function* (sinkId: string) {
        const found = isId(sinkId) ? yield* Effect.orDie(bucket.get(sinkId)) : Option.none()
        const sink = Option.isSome(found) ? opened(found.value) : undefined
        if (sink !== undefined) return sink
        return yield* new NoSuchSink({ detail: `No sink has the id ${sinkId}.` })
      })
      const all = Effect.map(Effect.orDie(bucket.list(sinkKeys)), (entries) =>
        entries
          .map(opened)
          .filter((sink) => sink !== undefined)
          .toSorted((a, b) => a.createdAt - b.createdAt)
      )
      const log = Effect.runForkWith(yield* Effect.context<never>())
      return Sinks.of({
        get: find,
        list: all,
        create: Effect.fn("Sinks.create")(function* (given) {
          const sinkId = `sk_${Buffer.from(yield* requestBytes("sink id", 12)).toString("hex")}`
          const createdAt = yield* requestTime
          const sink: StoredSink = {
            ...given,
            sinkId,
            createdAt,
            from: given.from ?? createdAt,
            paused: false,
            generation: 1
          }
          // By an earlier run of this request.
          if (Option.isSome(yield* Effect.orDie(bucket.get(sinkId)))) return sink
          if ((yield* all).length >= sinksMax) return yield* new TooManySinks({ max: sinksMax })
          yield* Effect.orDie(put(sink))
          return sink
        }),
        change: Effect.fn("Sinks.change")(function* (sinkId, change) {
          const stored = yield* find(sinkId)
          const changed = change(stored)
          // Of two who change it at once the later wins, as one after the other.
          yield* Effect.orDie(put(changed))
          return [stored, changed] as const
        }),
        delete: Effect.fn("Sinks.delete")(function* (sinkId) {
          const stored = yield* find(sinkId)
          yield* Effect.orDie(bucket.delete(sinkId))
          return stored
        }),
        follow: ({ onDelete, onPut }) =>
          bucket.watch(sinkKeys, {
            onPut: (entry) => {
              const sink = opened(entry)
              if (sink !== undefined) return onPut(sink)
              log(
                Effect.logWarning(`sink ${entry.key} does not open: it was sealed under another cluster key, or forged`)
              )
            },
            onDelete
          })
      })
    })
  )
}

/**
 * The sink that `replacement` makes of `stored`. A password that is left out stays for the same address and user only. Somebody who may
 * change a sink could else have its password, which nobody shows, sent to another host.
 */
export const replaced = (stored: StoredSink, { target, ...given }: SinkReplacement): StoredSink => {
  const { script: _, ...rest } = stored
  const { hasPassword: _had, ...wanted } = target as SinkTarget & { readonly hasPassword?: boolean }
  const { password } = stored.target
  const keeps = wanted.password === undefined && wanted.url === stored.target.url && password !== undefined
  return {
    ...rest,
    name: given.name,
    kinds: given.kinds,
    ...(given.script === undefined ? {} : { script: given.script }),
    target: (keeps ? { ...wanted, password } : wanted) as SinkTarget
  }
}

const decodeSink = Schema.decodeUnknownResult(Schema.fromJsonString(StoredSink))

/** Their statuses have other ones in the bucket. */
const sinkKeys = "*"

const isId = (text: string): boolean => /^sk_[0-9a-f]{24}$/.test(text)
