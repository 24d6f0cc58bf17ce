import { Effect } from "effect"
import { NatsConnection } from "../NatsConnection.ts"

/** Waits until a server is connected; goes on at once if one is. */
export const whenConnected: Effect.Effect<void, never, NatsConnection> = Effect.flatMap(
  NatsConnection,
  ({ connected, onStatus }) =>
    Effect.callback<void>((resume) => {
      if (connected()) return resume(Effect.void)
      const unlisten = onStatus((up) => {
        if (!up) return
        unlisten()
        resume(Effect.void)
      })
      return Effect.sync(unlisten)
    })
)
