import { Buckets, Profile } from "@roost/contracts"
import { type NatsConnection, openBucket } from "@roost/nats"
import { Deferred, Effect, type Scope } from "effect"
import type { ProductProfiles } from "../state/ProductProfiles.ts"

/**
 * Keeps the profiles as the bucket has them, and returns once they are read. No message is to be judged without the model that
 * its product has. The registry may be away meanwhile; what it said is in the bucket.
 */
export const mirrorProfiles = Effect.fnUntraced(function* (
  profiles: ProductProfiles
): Effect.fn.Return<void, never, NatsConnection | Scope.Scope> {
  const bucket = yield* openBucket(Buckets.profiles, Profile)
  const read = yield* Deferred.make<void>()
  yield* bucket.watch(">", {
    onPut: ({ revision, value }) => profiles.put(value, revision),
    onDelete: (key) => profiles.remove(key),
    onInitialDone: () => Deferred.doneUnsafe(read, Effect.void)
  })
  yield* Deferred.await(read)
})
