import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Queue } from "effect"
import { TestClock } from "effect/testing"
import { handleByPeriod } from "../src/internal/handleByPeriod.ts"

/** The moments at which messages came, and at which they had been handled. */
const playing = Effect.fnUntraced(function* (options: {
  readonly everyMillis: number
  readonly handlingMillis: number
  readonly periodMillis: number
}) {
  const waiting = yield* Queue.unbounded<number>()
  const handled: Array<readonly [came: number, done: number]> = []
  const batches: Array<number> = []
  const fiber = yield* Effect.forkChild(
    handleByPeriod<number, never, never, never>({
      batchMax: 1_000,
      periodMillis: options.periodMillis,
      pull: (max) => Queue.takeBetween(waiting, 1, max),
      handle: Effect.fnUntraced(function* (batch) {
        batches.push(batch.length)
        yield* Effect.sleep(options.handlingMillis)
        const now = yield* Clock.currentTimeMillis
        for (const came of batch) handled.push([came, now])
      })
    })
  )
  for (let i = 0; i < 200; i++) {
    Queue.offerUnsafe(waiting, yield* Clock.currentTimeMillis)
    yield* TestClock.adjust(options.everyMillis)
  }
  yield* TestClock.adjust(10_000)
  yield* Fiber.interrupt(fiber)
  return { handled, batches }
})

describe("what is handled by the period", () => {
  it.effect("waits no longer than the period and what handling takes", () =>
    Effect.gen(function* () {
      const { batches, handled } = yield* playing({ everyMillis: 50, handlingMillis: 100, periodMillis: 900 })
      assert.strictEqual(handled.length, 200)
      const latest = Math.max(...handled.map(([came, done]) => done - came))
      assert.isAtMost(latest, 1_000)
      // And it is handled seldom: ten seconds have eleven periods.
      assert.isAtMost(batches.length, 13)
    })
  )

  it.effect("goes on at once where handling takes longer than the period", () =>
    Effect.gen(function* () {
      const { handled } = yield* playing({ everyMillis: 50, handlingMillis: 1_200, periodMillis: 900 })
      assert.isAtMost(Math.max(...handled.map(([came, done]) => done - came)), 2_400)
    })
  )
})
