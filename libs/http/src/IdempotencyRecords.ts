import { type Aead, Buckets } from "@roost/contracts"
import { type Bucket, awaitStreams, type NatsConnection, NatsError, openBucket } from "@roost/nats"
import type { Health } from "@roost/observability"
import { Clock, type Config, Effect, Option, Result, Schema, type Scope } from "effect"
import { createHash, randomBytes } from "node:crypto"

/** The answer, as it is given again. */
const Answer = Schema.Struct({
  status: Schema.Int,
  contentType: Schema.optionalKey(Schema.String),
  /** Base64. */
  body: Schema.String
})
export type Answer = typeof Answer.Type

/** The record of an `Idempotency-Key`. */
const Record = Schema.Struct({
  /** Of method, path and body: the key belongs to them. */
  fingerprint: Schema.String,
  /** Base64. */
  seed: Schema.String,
  at: Schema.Finite,
  answer: Schema.optionalKey(Answer)
})
type Record = typeof Record.Type

/** An entry of the bucket IDEMPOTENCY, at `{service}.{SHA-256 of the key}`: a Record in JSON, sealed where the service has a key. */
const StoredRecord = Schema.Struct({ record: Schema.String })

export interface KnownKey extends Record {
  /** It was there before. */
  readonly again: boolean
  readonly revision: number
}

/** The records of one service, which all its instances share. */
export interface IdempotencyRecords {
  /** Those of one caller alone. */
  readonly of: (caller: string) => IdempotencyRecords
  /** The key's record, made now where there is none. */
  readonly begin: (key: string, fingerprint: string) => Effect.Effect<KnownKey, NatsError>
  /** Gives the answer that counts: of two runs that end at once, the first one's. */
  readonly finish: (key: string, known: KnownKey, answer: Answer) => Effect.Effect<Answer, NatsError>
  /** Nothing was made: the key is free again. */
  readonly release: (key: string, known: KnownKey) => Effect.Effect<void, NatsError>
}

export const openIdempotencyRecords = Effect.fnUntraced(function* (
  service: string,
  sealing: Aead | undefined
): Effect.fn.Return<IdempotencyRecords, Config.ConfigError, NatsConnection | Health | Scope.Scope> {
  yield* awaitStreams({ streams: [], buckets: [Buckets.idempotency] })
  const bucket = yield* openBucket(Buckets.idempotency, StoredRecord)
  const recordsOf = (caller: string): IdempotencyRecords => {
    const nameOf = (key: string) => `${service}.${createHash("sha256").update(`${caller}${key}`).digest("hex")}`
    return {
      of: (name) => recordsOf(`${name} `),
      begin: Effect.fnUntraced(function* (key, fingerprint) {
        const name = nameOf(key)
        const at = yield* Clock.currentTimeMillis
        const record: Record = { fingerprint, seed: randomBytes(32).toString("base64"), at }
        const created = yield* bucket.create(name, encode(sealing, name, record)).pipe(
          Effect.map((revision): KnownKey => ({ ...record, again: false, revision })),
          Effect.catchIf(isConflict, () => Effect.succeed(undefined))
        )
        return created ?? (yield* read(bucket, sealing, name))
      }),
      finish: Effect.fnUntraced(function* (key, known, answer) {
        const { again: _, revision, ...record } = known
        const name = nameOf(key)
        return yield* bucket.update(name, encode(sealing, name, { ...record, answer }), revision).pipe(
          Effect.as(answer),
          Effect.catchIf(isConflict, () =>
            Effect.map(read(bucket, sealing, name), (current) => current.answer ?? answer)
          )
        )
      }),
      release: (key, { revision }) =>
        Effect.catchIf(bucket.delete(nameOf(key), revision), isConflict, () => Effect.void)
    }
  }
  return recordsOf("")
})

const read = Effect.fnUntraced(function* (
  bucket: Bucket<typeof StoredRecord.Type>,
  sealing: Aead | undefined,
  name: string
): Effect.fn.Return<KnownKey, NatsError> {
  const entry = Option.getOrUndefined(yield* bucket.get(name))
  const record = entry === undefined ? undefined : decode(sealing, name, entry.value.record)
  if (entry !== undefined && record !== undefined) return { ...record, again: true, revision: entry.revision }
  const detail =
    entry === undefined
      ? "the key was released or ran out this moment; the next try has it"
      : "the record does not open: it was sealed under a key that this instance does not have"
  return yield* new NatsError({ reason: "Malformed", operation: `idempotency key ${name}`, detail })
})

const isConflict = (error: NatsError): boolean => error.reason === "Conflict"

const encode = (sealing: Aead | undefined, name: string, record: Record): typeof StoredRecord.Type => {
  const bytes = Buffer.from(JSON.stringify(record))
  return { record: Buffer.from(sealing === undefined ? bytes : sealing.seal(name, bytes)).toString("base64") }
}

const decode = (sealing: Aead | undefined, name: string, text: string): Record | undefined => {
  const stored = Buffer.from(text, "base64")
  const bytes = sealing === undefined ? stored : sealing.open(name, stored)
  return bytes === undefined
    ? undefined
    : Result.getOrElse(decodeRecord(Buffer.from(bytes).toString("utf8")), () => undefined)
}

const decodeRecord = Schema.decodeUnknownResult(Schema.fromJsonString(Record))
