import {
  type AccessAnswer,
  type ApiKey,
  apiKeysMax,
  type ApiKeyWithSecret,
  keyRequestsPerSecondDefault,
  keyUseWriteMillis,
  type NewApiKey,
  NoSuchApiKey,
  requestBytes,
  requestTime,
  TooManyApiKeys
} from "@roost/contracts"
import { Clock, Context, Effect, Layer } from "effect"
import { createHash } from "node:crypto"
import { AccessStore } from "./AccessStore.ts"
import { changeKept } from "./ChangeKept.ts"
import type { StoredKey } from "./StoredAccess.ts"

/** Random bytes of a secret: nobody tries 2^256. */
const secretBytes = 32
const idBytes = 6

/** The digest by which a secret is stored and found. */
export const digestOf = (secret: string): string => createHash("sha256").update(secret).digest("hex")

/** The API keys: made, rotated, revoked, and found by their secret. */
export class ManagedKeys extends Context.Service<
  ManagedKeys,
  {
    readonly create: (key: NewApiKey, createdBy: string) => Effect.Effect<ApiKeyWithSecret, TooManyApiKeys>
    readonly get: (keyId: string) => Effect.Effect<ApiKey, NoSuchApiKey>
    /** Oldest first. */
    readonly list: Effect.Effect<ReadonlyArray<ApiKey>>
    readonly rotate: (keyId: string, graceSeconds: number) => Effect.Effect<ApiKeyWithSecret, NoSuchApiKey>
    readonly revoke: (keyId: string) => Effect.Effect<void, NoSuchApiKey>
    /** The grants, now, of the key whose secret has this digest; its use is written down. */
    readonly find: (digest: string, address: string) => Effect.Effect<AccessAnswer>
    /** The grants of a key that is still good. */
    readonly current: (keyId: string) => Effect.Effect<StoredKey | undefined>
  }
>()("@roost/access/ManagedKeys") {
  static readonly layer: Layer.Layer<ManagedKeys, never, AccessStore> = Layer.effect(
    ManagedKeys,
    Effect.gen(function* () {
      const { keyOfDigest, keys, uses } = yield* AccessStore
      const scope = yield* Effect.scope
      const uncertain = new Map<string, number>()

      const shown = ({ secrets, ...key }: StoredKey): ApiKey => {
        const use = uses.known.get(key.keyId)
        return {
          ...key,
          secrets: secrets.map(({ createdAt, prefix, until }) => ({
            prefix,
            createdAt,
            ...(until !== undefined && { until })
          })),
          ...(use !== undefined && { lastUsedAt: use.at, lastUsedFrom: use.address })
        }
      }
      const find = Effect.fnUntraced(function* (keyId: string) {
        const kept = yield* Effect.orDie(keys.get(keyId))
        return kept ?? (yield* new NoSuchApiKey({ detail: `No API key has the id ${keyId}.` }))
      })
      const newSecret = Effect.fnUntraced(function* (keyId: string, label: string, createdAt: number) {
        const random = Buffer.from(yield* requestBytes(label, secretBytes)).toString("base64url")
        const prefix = `roost_${keyId}_${random.slice(0, 4)}`
        const secret = `roost_${keyId}_${random}`
        return { secret, stored: { prefix, digest: digestOf(secret), createdAt } }
      })
      /** At most once a minute for each key, beside the answer. */
      const noteUse = (keyId: string, at: number, address: string) => {
        const last = Math.max(uses.known.get(keyId)?.at ?? 0, uncertain.get(keyId) ?? 0)
        if (at - last < keyUseWriteMillis) return Effect.void
        if (uncertain.size >= apiKeysMax) uncertain.clear()
        uncertain.set(keyId, at)
        return uses.put(keyId, { at, address }).pipe(Effect.ignore, Effect.forkIn(scope), Effect.asVoid)
      }

      return ManagedKeys.of({
        create: Effect.fn("ManagedKeys.create")(function* (given, createdBy) {
          const keyId = Buffer.from(yield* requestBytes("api key id", idBytes)).toString("hex")
          const createdAt = yield* requestTime
          const { secret, stored } = yield* newSecret(keyId, "api key secret", createdAt)
          const key: StoredKey = {
            keyId,
            name: given.name,
            grants: given.grants,
            requestsPerSecond: given.requestsPerSecond ?? keyRequestsPerSecondDefault,
            createdAt,
            createdBy,
            ...(given.expiresAt !== undefined && { expiresAt: given.expiresAt }),
            secrets: [stored]
          }
          // By an earlier run of this request.
          if ((yield* Effect.orDie(keys.get(keyId))) !== undefined) return { ...shown(key), secret }
          if (keys.known.size >= apiKeysMax) return yield* new TooManyApiKeys({ max: apiKeysMax })
          yield* Effect.orDie(keys.create(keyId, key))
          return { ...shown(key), secret }
        }),
        get: (keyId) => Effect.map(find(keyId), ({ value }) => shown(value)),
        list: Effect.sync(() =>
          [...keys.known.values()].toSorted((a, b) => a.createdAt - b.createdAt).map((key) => shown(key))
        ),
        rotate: Effect.fn("ManagedKeys.rotate")(function* (keyId, graceSeconds) {
          yield* find(keyId)
          const now = yield* requestTime
          const { secret, stored } = yield* newSecret(keyId, "api key secret", now)
          const rotated = yield* changeKept(keys, keyId, find(keyId), (key) => {
            const [newest] = key.secrets
            // By an earlier run of this request.
            if (newest?.digest === stored.digest) return key
            const former =
              newest === undefined || graceSeconds === 0 ? [] : [{ ...newest, until: now + graceSeconds * 1_000 }]
            return { ...key, secrets: [stored, ...former] }
          })
          return { ...shown(rotated), secret }
        }),
        revoke: Effect.fn("ManagedKeys.revoke")(function* (keyId) {
          yield* find(keyId)
          yield* Effect.orDie(keys.delete(keyId))
          yield* Effect.ignore(uses.delete(keyId))
        }),
        find: Effect.fnUntraced(function* (digest, address) {
          const key = keyOfDigest(digest)
          if (key === undefined) return unknown
          const now = yield* Clock.currentTimeMillis
          const until = untilOf(key, digest)
          if (until !== undefined && until <= now) return { _tag: "Expired", at: until } as const
          yield* noteUse(key.keyId, now, address)
          const { grants, keyId, name, requestsPerSecond } = key
          return { _tag: "Known", principal: { kind: "key", id: keyId, name, grants }, requestsPerSecond } as const
        }),
        current: (keyId) =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            const key = keys.known.get(keyId)
            return key === undefined || (key.expiresAt ?? Infinity) <= now ? undefined : key
          })
      })
    })
  )
}

/** Until when a secret of the key is good; undefined: for good. */
const untilOf = ({ expiresAt, secrets }: StoredKey, digest: string): number | undefined => {
  const until = secrets.find((secret) => secret.digest === digest)?.until
  return until === undefined ? expiresAt : Math.min(until, expiresAt ?? Infinity)
}

const unknown = { _tag: "Unknown" } as const
