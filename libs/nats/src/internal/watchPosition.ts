import { Effect } from "effect"
import { NatsConnection } from "../NatsConnection.ts"
import { NatsError } from "../NatsError.ts"
import type { ConsumerPosition } from "./ConsumerPosition.ts"
import { fromClient } from "./fromClient.ts"
import { wasSetBack } from "./Place.ts"

/** How often a stream is compared with what was read of it, besides after each reconnect: another server may lead it now. */
const lookMillis = 60_000
/** And how soon again while nobody answers. */
const lookAgainMillis = 500

/**
 * Fails once a durable consumer has to read again from an earlier place, which `position` has then. Its stream was set back: the
 * consumer waits behind its end, and would pass over what takes the sequences up to there. Or the store of a cluster refused
 * writes: what one server had no room for may have reached its replica behind the consumer (`StoreTrouble`).
 */
export const watchPosition = (
  operation: string,
  stream: string,
  position: ConsumerPosition
): Effect.Effect<never, NatsError, NatsConnection> =>
  Effect.gen(function* () {
    const { client, connected, manager, onStatus, trouble } = yield* NatsConnection
    const because = (detail: string) => new NatsError({ reason: "Rejected", operation, detail })
    const look = Effect.suspend(() => {
      const place = position.doubtful
      if (place === undefined || !connected()) return Effect.void
      return Effect.flatMap(
        fromClient(operation, () => wasSetBack(manager, stream, place)),
        (isSetBack) => {
          if (!isSetBack) return Effect.sync(() => position.noteOutageOver())
          position.readAgain({ _tag: "Since", place })
          return Effect.fail(because("the stream was set back: what came since is read again"))
        }
      )
    })
    const lookUntilAnswered: Effect.Effect<void, NatsError> = Effect.catchIf(
      look,
      () => position.again === undefined,
      () =>
        Effect.andThen(
          Effect.sleep(lookAgainMillis),
          Effect.suspend(() => lookUntilAnswered)
        )
    )
    const reconnected = Effect.callback<void>((resume) => {
      const unlisten = onStatus((up) => (up ? resume(Effect.void) : position.noteOutage()))
      return Effect.sync(unlisten)
    })
    const troubleOver = Effect.callback<never, NatsError>((resume) => {
      const unlisten = trouble.listen({
        began: () => position.noteTrouble(),
        over: (last) => {
          if (client.info?.cluster === undefined || !position.noteTroubleOver(last)) return
          resume(Effect.fail(because("the store refused writes: what came since is read again")))
        }
      })
      return Effect.sync(unlisten)
    })
    const looks = Effect.forever(
      Effect.andThen(lookUntilAnswered, Effect.raceFirst(reconnected, Effect.sleep(lookMillis)))
    )
    return yield* Effect.raceFirst(looks, troubleOver)
  })
