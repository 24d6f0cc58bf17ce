import { Deferred, Effect } from "effect"
import type { NatsConnection } from "./NatsConnection.ts"
import { followTail, type TailMessage } from "./OrderedTail.ts"

/**
 * Reads the last message of every subject that matches, once, and ends. So it has a bucket or a part of it at one moment, in one
 * consumer instead of a question per key. After an interruption it begins anew: `onStart` says that what came so far is
 * void.
 */
export const readSnapshot = (options: {
  readonly stream: string
  readonly filterSubject: string
  readonly onStart?: () => void
  readonly onMessage: (message: TailMessage) => void
}): Effect.Effect<void, never, NatsConnection> =>
  Effect.gen(function* () {
    const done = yield* Deferred.make<void>()
    const onCaughtUp = () => void Deferred.doneUnsafe(done, Effect.void)
    yield* Effect.raceFirst(followTail({ ...options, from: "last", onCaughtUp }), Deferred.await(done))
  })
