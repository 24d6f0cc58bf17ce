import { Clock, Effect } from "effect"

/**
 * Pulls and handles for ever. A batch that is not full is followed by the next one `periodMillis` after it came. A message that
 * comes in between waits no longer than that and what handling takes. `pull` waits for a first message.
 */
export const handleByPeriod = <A, E, E2, R>({
  batchMax,
  handle,
  periodMillis,
  pull
}: {
  readonly batchMax: number
  readonly periodMillis: number
  readonly pull: (max: number) => Effect.Effect<ReadonlyArray<A>, E>
  readonly handle: (batch: ReadonlyArray<A>) => Effect.Effect<void, E2, R>
}): Effect.Effect<never, E | E2, R> =>
  Effect.forever(
    Effect.gen(function* () {
      const batch = yield* pull(batchMax)
      if (batch.length === 0) return
      const came = yield* Clock.currentTimeMillis
      yield* handle(batch)
      // No use waiting for more while a whole batch is there.
      if (batch.length === batchMax) return
      const took = (yield* Clock.currentTimeMillis) - came
      // The clock may have been set meanwhile.
      yield* Effect.sleep(Math.min(Math.max(0, periodMillis - took), periodMillis))
    })
  )
