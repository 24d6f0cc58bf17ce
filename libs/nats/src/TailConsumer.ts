import { Effect, type Scope } from "effect"
import type { NatsConnection } from "./NatsConnection.ts"
import { followTail, type TailMessage } from "./OrderedTail.ts"

/**
 * Calls `handler` with every message stored on `filterSubject` from now on, in order; goes on from where it was after a
 * reconnect. Each comes once, but for those that came while the store refused writes: they come again, with what was missed.
 * In the background of the scope.
 */
export const tailConsumer = (
  stream: string,
  filterSubject: string,
  handler: (message: TailMessage) => void
): Effect.Effect<void, never, NatsConnection | Scope.Scope> =>
  followTail({ stream, filterSubject, from: "new", repeats: true, onMessage: handler }).pipe(
    Effect.forkScoped,
    Effect.asVoid
  )
