import { Buckets, RegistryKeys, Sealing, sealPurpose } from "@roost/contracts"
import { awaitStreams, type NatsConnection, type NatsError, openSealedBucket } from "@roost/nats"
import type { Health } from "@roost/observability"
import { type Config, Context, Deferred, Effect, Layer, Option, Result, Schema } from "effect"
import { StoredAccount, StoredKey, StoredUse } from "./StoredAccess.ts"

/** A value and its revision in the bucket, for who changes it. */
export interface Kept<A> {
  readonly value: A
  readonly revision: number
}

/** Entries of one kind. */
export interface Table<A> {
  /** As this instance heard of them: some milliseconds behind what others wrote. */
  readonly known: ReadonlyMap<string, A>
  readonly get: (id: string) => Effect.Effect<Kept<A> | undefined, NatsError>
  /** Fails with `Conflict` if there is one. */
  readonly create: (id: string, value: A) => Effect.Effect<void, NatsError>
  /** Fails with `Conflict` if it was changed since `revision`. */
  readonly update: (id: string, value: A, revision: number) => Effect.Effect<void, NatsError>
  readonly put: (id: string, value: A) => Effect.Effect<void, NatsError>
  readonly delete: (id: string) => Effect.Effect<void, NatsError>
}

/**
 * API keys and accounts, in the bucket ACCESS: every instance of the registry follows it, so that a request costs no question. A
 * credential that one instance revokes is out at all of them some milliseconds later. Entries are sealed whole: who writes to the bus
 * makes no key.
 */
export class AccessStore extends Context.Service<
  AccessStore,
  {
    readonly keys: Table<StoredKey>
    readonly accounts: Table<StoredAccount>
    readonly uses: Table<StoredUse>
    readonly keyOfDigest: (digest: string) => StoredKey | undefined
  }
>()("@roost/access/AccessStore") {
  static readonly layer: Layer.Layer<AccessStore, Config.ConfigError, NatsConnection | Health> = Layer.effect(
    AccessStore,
    Effect.gen(function* () {
      const sealing = new Sealing(yield* RegistryKeys, sealPurpose.access)
      yield* awaitStreams({ streams: [], buckets: [Buckets.access] })
      const bucket = yield* openSealedBucket(Buckets.access, sealing, { keys: ">", called: "accounts and API keys" })
      const log = Effect.runForkWith(yield* Effect.context<never>())

      const byDigest = new Map<string, StoredKey>()
      const digestsOf = (key: StoredKey | undefined) => key?.secrets.map(({ digest }) => digest) ?? []
      const tables = {
        key: new Mirror("key", StoredKey, (now, before) => {
          for (const digest of digestsOf(before)) byDigest.delete(digest)
          for (const digest of digestsOf(now)) byDigest.set(digest, now!)
        }),
        account: new Mirror("account", StoredAccount),
        used: new Mirror("used", StoredUse)
      }
      const mirrorOf = (key: string) => tables[key.split(".", 1)[0] as keyof typeof tables]

      const read = yield* Deferred.make<void>()
      yield* bucket.watch(">", {
        onPut: (entry) => {
          const text = entry.value
          if (text !== undefined && mirrorOf(entry.key)?.put(entry.key, text, entry.revision) === true) return
          log(
            Effect.logWarning(`entry ${entry.key} of ACCESS does not open: it was sealed under another key, or forged`)
          )
          // An entry that was there before counts no longer either.
          mirrorOf(entry.key)?.remove(entry.key, entry.revision)
        },
        onDelete: (key, revision) => mirrorOf(key)?.remove(key, revision),
        onInitialDone: () => Deferred.doneUnsafe(read, Effect.void)
      })
      yield* Deferred.await(read)

      const tableOf = <A>(mirror: Mirror<A>): Table<A> => {
        const keyOf = (id: string) => `${mirror.kind}.${tokenOf(id)}`
        // The writer sees it at once, whatever the bucket's watch takes.
        const written = (id: string, value: A) => (revision: number) => {
          mirror.put(keyOf(id), mirror.encode(value), revision)
        }
        return {
          known: mirror.known,
          get: (id) =>
            Effect.map(bucket.get(keyOf(id)), (found) => {
              if (Option.isNone(found)) return undefined
              const { revision, value: text } = found.value
              const value = text === undefined ? undefined : mirror.decode(text)
              return value === undefined ? undefined : { value, revision }
            }),
          create: (id, value) => Effect.map(bucket.create(keyOf(id), mirror.encode(value)), written(id, value)),
          update: (id, value, revision) =>
            Effect.map(bucket.update(keyOf(id), mirror.encode(value), revision), written(id, value)),
          put: (id, value) => Effect.map(bucket.put(keyOf(id), mirror.encode(value)), written(id, value)),
          delete: (id) =>
            Effect.map(bucket.delete(keyOf(id)), () => {
              mirror.forget(keyOf(id))
            })
        }
      }
      return AccessStore.of({
        keys: tableOf(tables.key),
        accounts: tableOf(tables.account),
        uses: tableOf(tables.used),
        keyOfDigest: (digest) => byDigest.get(digest)
      })
    })
  )
}

/** Entries of one kind, as they were heard of, by id. Of what is told twice the later revision counts. */
class Mirror<A> {
  readonly kind: string
  readonly known = new Map<string, A>()
  readonly decode: (text: string) => A | undefined
  readonly encode: (value: A) => string
  readonly #revisions = new Map<string, number>()
  readonly #onChange: (now: A | undefined, before: A | undefined) => void

  constructor(
    kind: string,
    schema: Schema.Codec<A, unknown>,
    onChange: (now: A | undefined, before: A | undefined) => void = () => {}
  ) {
    this.kind = kind
    this.#onChange = onChange
    const json = Schema.fromJsonString(schema)
    const decode = Schema.decodeUnknownResult(json)
    this.decode = (text) => Result.getOrElse(decode(text), () => undefined)
    this.encode = Schema.encodeSync(json) as (value: A) => string
  }

  /** False: it is not what such an entry is. */
  put(key: string, text: string, revision: number): boolean {
    const value = this.decode(text)
    if (value === undefined) return false
    if (revision < (this.#revisions.get(key) ?? 0)) return true
    this.#revisions.set(key, revision)
    const id = this.#idOf(key)
    const before = this.known.get(id)
    this.known.set(id, value)
    this.#onChange(value, before)
    return true
  }

  /** `revision` 0: it went while nobody watched. */
  remove(key: string, revision: number): void {
    if (revision !== 0 && revision < (this.#revisions.get(key) ?? 0)) return
    this.forget(key)
  }

  forget(key: string): void {
    this.#revisions.delete(key)
    const id = this.#idOf(key)
    const before = this.known.get(id)
    this.known.delete(id)
    this.#onChange(undefined, before)
  }

  #idOf(key: string): string {
    return idOf(key.slice(this.kind.length + 1))
  }
}

/** Names of accounts have `.` and `@`, which have a meaning in a bucket's keys or none. */
const tokenOf = (id: string): string => Buffer.from(id).toString("base64url")
const idOf = (token: string): string => Buffer.from(token, "base64url").toString("utf8")
