import type { BucketDefinition, Sealing } from "@roost/contracts"
import { Effect, Option, Schedule, Schema, type Scope } from "effect"
import { type Bucket, type Entry, openBucket } from "./Bucket.ts"
import type { NatsConnection } from "./NatsConnection.ts"
import type { NatsError } from "./NatsError.ts"

/** After which a fault of the store is tried again. */
const resealRetryMillis = 5_000

/** An entry's text in base64, sealed for the entry's key. */
const SealedText = Schema.Struct({ sealed: Schema.String })
type SealedText = typeof SealedText.Type

/** Undefined: it does not open. It was sealed under another key, or forged. */
export type OpenedText = string | undefined

/** A bucket of texts, each sealed whole for its key: who can write to the bucket alone makes none, and moves none to another key. */
export interface SealedBucket extends Pick<Bucket<OpenedText>, "get" | "list" | "watch" | "delete"> {
  /** Fails with `Conflict` if the key has a value. Gives the revision, as all writes do. */
  readonly create: (key: string, text: string) => Effect.Effect<number, NatsError>
  /** Fails with `Conflict` if `revision` is not the key's any more. */
  readonly update: (key: string, text: string, revision: number) => Effect.Effect<number, NatsError>
  readonly put: (key: string, text: string) => Effect.Effect<number, NatsError>
}

/**
 * Opens a bucket whose entries under `keys` are sealed. Those that the previous key sealed are sealed again in the background, once at each
 * start. `called`: a word for them in the log, such as `sinks`.
 */
export const openSealedBucket = Effect.fnUntraced(function* (
  definition: BucketDefinition,
  sealing: Sealing,
  { called, keys }: { readonly keys: string; readonly called: string }
): Effect.fn.Return<SealedBucket, never, NatsConnection | Scope.Scope> {
  const bucket = yield* openBucket(definition, SealedText)
  const sealed = (key: string, text: string): SealedText => ({
    sealed: Buffer.from(sealing.seal(key, Buffer.from(text))).toString("base64")
  })
  const opened = (entry: Entry<SealedText>): Entry<OpenedText> => {
    const plain = sealing.open(entry.key, Buffer.from(entry.value.sealed, "base64"))
    return { ...entry, value: plain === undefined ? undefined : Buffer.from(plain).toString("utf8") }
  }
  // A bucket that was made a moment ago may refuse its first reader.
  yield* Effect.gen(function* () {
    for (const entry of yield* bucket.list(keys)) {
      const text = opened(entry).value
      if (text === undefined || !sealing.isOld(Buffer.from(entry.value.sealed, "base64"))) continue
      yield* Effect.ignore(bucket.update(entry.key, sealed(entry.key, text), entry.revision))
    }
  }).pipe(
    Effect.tapError((error) => Effect.logWarning(`${called} are not sealed again yet: ${error.message}`)),
    Effect.retry(Schedule.spaced(resealRetryMillis)),
    Effect.forkScoped
  )
  return {
    get: (key) => Effect.map(bucket.get(key), Option.map(opened)),
    list: (filter) => Effect.map(bucket.list(filter), (entries) => entries.map(opened)),
    watch: (filter, { onPut, ...others }) =>
      bucket.watch(filter, { ...others, onPut: (entry) => onPut(opened(entry)) }),
    delete: bucket.delete,
    create: (key, text) => bucket.create(key, sealed(key, text)),
    update: (key, text, revision) => bucket.update(key, sealed(key, text), revision),
    put: (key, text) => bucket.put(key, sealed(key, text))
  }
})
