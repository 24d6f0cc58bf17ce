import { Effect, type Scope } from "effect"
import type { NatsConnection } from "./NatsConnection.ts"
import { followTail, type TailMessage, type TailOptions } from "./OrderedTail.ts"

/**
 * Calls `handler` with every message stored on `filterSubject` from now on, in order; goes on from where it was after a
 * reconnect. Each comes once, but for those that came while the store refused writes: they come again, with what was missed.
 * `more` is told when all that was stored has come, and when the reader was cut off. In the background of the scope.
 */
export const tailConsumer = (
  stream: string,
  filterSubject: string,
  handler: (message: TailMessage) => void,
  more: Pick<TailOptions, "onCaughtUp" | "onInterrupted"> = {}
): Effect.Effect<void, never, NatsConnection | Scope.Scope> =>
  followTail({ stream, filterSubject, from: "new", repeats: true, onMessage: handler, ...more }).pipe(
    Effect.forkScoped,
    Effect.asVoid
  )
