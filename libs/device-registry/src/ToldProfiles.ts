import { Buckets, Profile } from "@roost/contracts"
import { NatsConnection, openBucket } from "@roost/nats"
import { metrics } from "@roost/observability"
import { Clock, Effect } from "effect"
import { RegistryStore } from "./RegistryStore.ts"

/** How often the bucket is looked at. */
const lookMillis = 5_000
const payloadBytesDefault = 1024 * 1024
/** Subject and headers. */
const payloadBytesSpare = 1024

/**
 * The bucket PROFILES, by which the actors know products, models and scripts. The store's profiles are put there when they change, and once
 * more into a bucket that lost them. That is one that was made anew, or one of a backup, with which a registry starts.
 */
export const openToldProfiles = Effect.gen(function* () {
  const store = yield* RegistryStore
  const { client, manager } = yield* NatsConnection
  const bucket = yield* openBucket(Buckets.profiles, Profile)
  let lookedAt = -Infinity
  /** When the bucket was made that was compared with the store last. */
  let compared = ""

  const put = Effect.fnUntraced(function* (key: string, profile: Profile | undefined) {
    const bytes = profile === undefined ? 0 : Buffer.byteLength(JSON.stringify(profile))
    const bytesMax = (client.info?.max_payload ?? payloadBytesDefault) - payloadBytesSpare
    if (bytes <= bytesMax)
      return yield* profile === undefined ? bucket.delete(key) : Effect.asVoid(bucket.put(key, profile))
    // One that an older registry took, or a server with a smaller limit: those behind it go on.
    tooLarge.inc()
    yield* Effect.logError(`${key} has ${bytes} bytes, nats-server takes ${bytesMax}: the actors do not hear of it`)
  })

  /** When the bucket was made; while it is missing, as before. */
  const madeAt = Effect.tryPromise(() => manager.streams.info(`KV_${Buckets.profiles.name}`)).pipe(
    Effect.map(({ created }) => created),
    Effect.orElseSucceed(() => compared)
  )

  const compare = Effect.fnUntraced(function* (made: string) {
    const there = new Map((yield* bucket.list(">")).map(({ key, value }) => [key, JSON.stringify(value)]))
    let differing = 0
    for (const { key, profile } of yield* store.profiles) {
      const known = there.get(key)
      there.delete(key)
      if (known === JSON.stringify(profile)) continue
      differing++
      yield* put(key, profile)
    }
    for (const key of there.keys()) yield* put(key, undefined)
    compared = made
    if (differing + there.size > 0) {
      yield* Effect.logInfo(
        `the bucket ${Buckets.profiles.name} is as the database has it: ${differing} products and models were not, ${there.size} were gone`
      )
    }
  })

  return {
    put,
    /** The work before all else, by one instance at a time; undefined almost always. */
    outdated: Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      if (Math.abs(now - lookedAt) < lookMillis) return undefined
      lookedAt = now
      const made = yield* madeAt
      return made === compared ? undefined : compare(made)
    })
  }
})

const tooLarge = metrics.counter(
  "roost_registry_profiles_too_large_total",
  "Models and scripts that no message can carry."
)
