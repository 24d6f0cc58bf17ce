import { Kvm } from "@nats-io/kv"
import { type BucketDefinition, entryFormatFault, fromJsonText } from "@roost/contracts"
import { Effect, FiberSet, Option, Result, Schedule, Schema, type Scope } from "effect"
import { fromClient } from "./internal/fromClient.ts"
import { WatchedKeys } from "./internal/WatchedKeys.ts"
import { NatsConnection } from "./NatsConnection.ts"
import { NatsError } from "./NatsError.ts"
import { followTail, type TailMessage } from "./OrderedTail.ts"

/** Entries read at once by `list`. */
const readsMax = 32

export interface Entry<A> {
  readonly key: string
  readonly value: A
  /** Of the bucket, not of the key: it grows with every write. */
  readonly revision: number
  /** When it was stored, in milliseconds since 1970 on the clock of the nats-server that leads the bucket. */
  readonly storedAt: number
}

export interface WatchHandlers<A> {
  /** The entries are about to be read, again after an interruption: until `onInitialDone` what is known may be out of date. */
  readonly onStart?: () => void
  readonly onPut: (entry: Entry<A>) => void
  /** Also for entries that went while nobody watched: with revision 0 then, some time after `onInitialDone`. */
  readonly onDelete: (key: string, revision: number) => void
  /** All entries there were at the start have been put. Again after every reconnect. */
  readonly onInitialDone?: () => void
}

/** A key-value bucket whose values are `A` in JSON. */
export interface Bucket<A> {
  readonly get: (key: string) => Effect.Effect<Option.Option<Entry<A>>, NatsError>
  /** Fails with `Conflict` if the key has a value. Gives the revision, as all writes do. */
  readonly create: (key: string, value: A) => Effect.Effect<number, NatsError>
  /** Fails with `Conflict` if `revision` is not the key's any more. */
  readonly update: (key: string, value: A, revision: number) => Effect.Effect<number, NatsError>
  readonly put: (key: string, value: A) => Effect.Effect<number, NatsError>
  /** Leaves a marker, so that watchers hear of it. With a revision: fails with `Conflict` if it is not the key's. */
  readonly delete: (key: string, revision?: number) => Effect.Effect<void, NatsError>
  /** Removes the marker that a deletion left, by its revision; watchers hear nothing. */
  readonly forget: (revision: number) => Effect.Effect<void, NatsError>
  readonly keys: (filter: string) => Effect.Effect<ReadonlyArray<string>, NatsError>
  /** The keys of `keys`, without those that go meanwhile. */
  readonly list: (filter: string) => Effect.Effect<ReadonlyArray<Entry<A>>, NatsError>
  /**
   * Follows the entries whose key matches `filter`, first those that exist. Never ends by itself. It reads all entries again
   * after a reconnect, after the store refused writes, and from time to time, and reports as deleted what is gone. An entry that
   * does not decode is logged and skipped.
   */
  readonly watch: (filter: string, handlers: WatchHandlers<A>) => Effect.Effect<void, never, Scope.Scope>
}

export const openBucket = Effect.fnUntraced(function* <A, I>(
  definition: BucketDefinition,
  schema: Schema.Codec<A, I>
): Effect.fn.Return<Bucket<A>, never, NatsConnection> {
  const connection = yield* NatsConnection
  const { connected, jetstream, manager, trouble } = connection
  const name = definition.name
  const stream = `KV_${name}`
  const json = fromJsonText(schema)
  const decode = Schema.decodeUnknownResult(json)
  const encode = Schema.encodeUnknownSync(json)
  const kv = yield* fromClient(`bucket ${name}`, () =>
    new Kvm(jetstream).open(name, { allow_direct: false, bindOnly: true })
  ).pipe(Effect.orDie)

  const ask = <B>(what: string, run: () => Promise<B>): Effect.Effect<B, NatsError> =>
    Effect.suspend(() => {
      const operation = `bucket ${name}, ${what}`
      return connected()
        ? fromClient(operation, run)
        : Effect.fail(new NatsError({ reason: "Disconnected", operation, detail: "no nats-server is connected" }))
    })

  const write = <B>(what: string, run: () => Promise<B>): Effect.Effect<B, NatsError> =>
    ask(what, run).pipe(Effect.tapError((error) => Effect.sync(() => error.isStoreRefusal && trouble.note())))

  const entryOf = (
    key: string,
    data: Uint8Array,
    revision: number,
    storedAt: number
  ): Result.Result<Entry<A>, NatsError> => {
    const text = utf8.decode(data)
    const malformed = (detail: string) =>
      new NatsError({ reason: "Malformed", operation: `bucket ${name}, key ${key}`, detail })
    const fault = entryFormatFault(text)
    if (fault !== undefined) return Result.fail(malformed(fault))
    return Result.mapBoth(decode(text), {
      onFailure: (error) => malformed(error.message),
      onSuccess: (value) => ({ key, value, revision, storedAt })
    })
  }

  const get = Effect.fnUntraced(function* (key: string) {
    const stored = yield* ask(`get ${key}`, () => kv.get(key))
    if (stored === null || stored.operation !== "PUT") return Option.none<Entry<A>>()
    return Option.some(yield* Effect.fromResult(entryOf(key, stored.value, stored.revision, stored.created.getTime())))
  })

  const keys = (filter: string) =>
    ask(`keys of ${filter}`, async () => {
      const found: Array<string> = []
      for await (const key of await kv.keys(filter)) found.push(key)
      return found
    })

  const onMessage = (message: TailMessage, watched: WatchedKeys, handlers: WatchHandlers<A>) => {
    const key = message.subject.slice(`$KV.${name}.`.length)
    const operation = message.header("KV-Operation")
    if (operation === "DEL" || operation === "PURGE") {
      watched.deleted(key)
      handlers.onDelete(key, message.sequence)
      return undefined
    }
    const entry = entryOf(key, message.data, message.sequence, message.storedAt)
    if (Result.isFailure(entry)) return entry.failure
    watched.put(key)
    handlers.onPut(entry.success)
    return undefined
  }

  return {
    get,
    create: (key, value) => write(`create ${key}`, () => kv.create(key, encode(value))),
    update: (key, value, revision) => write(`update ${key}`, () => kv.update(key, encode(value), revision)),
    put: (key, value) => write(`put ${key}`, () => kv.put(key, encode(value))),
    delete: (key, revision) =>
      write(`delete ${key}`, () => kv.delete(key, revision === undefined ? {} : { previousSeq: revision })),
    forget: (revision) =>
      ask(`forget ${revision}`, () => manager.streams.deleteMessage(stream, revision, false)).pipe(Effect.asVoid),
    keys,
    list: (filter) =>
      keys(filter).pipe(
        Effect.flatMap(Effect.forEach(get, { concurrency: readsMax })),
        Effect.map((entries) => entries.flatMap((entry) => (Option.isSome(entry) ? [entry.value] : [])))
      ),
    watch: Effect.fnUntraced(function* (filter, handlers) {
      const log = Effect.runForkWith(yield* Effect.context<never>())
      const run = yield* FiberSet.makeRuntime<never>()
      const watched = new WatchedKeys()
      /** Until there is an answer, or the bucket tells of the key, or is read again. */
      const settle = (key: string) =>
        get(key).pipe(
          Effect.retry({
            schedule: Schedule.spaced("1 second"),
            while: ({ reason }) => reason !== "Malformed" && watched.doubts(key)
          }),
          Effect.map((found) => {
            if (Option.isNone(found) && watched.missing(key)) handlers.onDelete(key, 0)
          }),
          Effect.ignore
        )
      yield* followTail({
        stream,
        filterSubject: `$KV.${name}.${filter}`,
        from: "last",
        onStart: () => {
          watched.begin()
          handlers.onStart?.()
        },
        onMessage: (message) => {
          const failure = onMessage(message, watched, handlers)
          if (failure !== undefined) log(Effect.logError(failure.message))
        },
        onCaughtUp: () => {
          const doubted = watched.caughtUp()
          if (doubted.length > 0) run(Effect.forEach(doubted, settle, { concurrency: readsMax, discard: true }))
          handlers.onInitialDone?.()
        }
      }).pipe(Effect.provideService(NatsConnection, connection), Effect.forkScoped)
    })
  }
})

const utf8 = new TextDecoder()
