import { Effect, type Scope } from "effect"
import type { NatsConnection } from "./NatsConnection.ts"
import { followTail, type TailMessage } from "./OrderedTail.ts"

/**
 * Calls `handler` with every message stored on `filterSubject` from now on, in order, each once; goes on from where it
 * was after a reconnect. In the background of the scope.
 */
export const tailConsumer = (
  stream: string,
  filterSubject: string,
  handler: (message: TailMessage) => void
): Effect.Effect<void, never, NatsConnection | Scope.Scope> =>
  followTail({ stream, filterSubject, from: "new", onMessage: handler }).pipe(Effect.forkScoped, Effect.asVoid)
