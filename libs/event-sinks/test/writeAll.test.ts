import { assert, describe, it } from "@effect/vitest"
import type { ApplicationEvent } from "@roost/contracts"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { type TargetFault, targetFault } from "../src/delivery/TargetFault.ts"
import { writeAll } from "../src/delivery/writeAll.ts"

const events = Array.from(
  { length: 8 },
  (_, i) => ({ type: "uplink", id: String(i), productKey: "p", deviceKey: "d" }) as const
)

/** A target that takes what `fault` has nothing against. */
const target = (fault: (events: ReadonlyArray<ApplicationEvent>) => TargetFault | undefined) => {
  const taken: Array<string> = []
  let writes = 0
  return {
    taken,
    writes: () => writes,
    write: (batch: ReadonlyArray<ApplicationEvent>) =>
      Effect.suspend(() => {
        writes++
        const found = fault(batch)
        if (found !== undefined) return Effect.fail(found)
        taken.push(...batch.map(({ id }) => id))
        return Effect.void
      })
  }
}
const bad = targetFault("events", "sink-event-refused", "out of range")
const away = targetFault("target", "sink-unreachable", "nothing listens there")

const options = (told: Array<string>) => ({
  retryMillis: 1_000,
  retryMillisMax: 4_000,
  onFault: ({ detail }: TargetFault, millis: number) => Effect.sync(() => void told.push(`${detail} ${millis}`))
})

describe("a batch", () => {
  it.effect("is written but for what the target refuses by itself", () =>
    Effect.gen(function* () {
      const told: Array<string> = []
      const sink = target((batch) => (batch.some(({ id }) => id === "5") ? bad : undefined))
      const refused = yield* writeAll(sink, events, options(told))
      assert.deepStrictEqual(
        [...refused].map(([{ id }, { code }]) => [id, code]),
        [["5", "sink-event-refused"]]
      )
      assert.deepStrictEqual(sink.taken.toSorted(), ["0", "1", "2", "3", "4", "6", "7"])
      assert.strictEqual(sink.writes(), 7)
      assert.deepStrictEqual(told, [])
    })
  )

  it.effect("waits for a target that takes nothing, later and later, and is blamed for none of it", () =>
    Effect.gen(function* () {
      const told: Array<string> = []
      let isAway = true
      const sink = target(() => (isAway ? away : undefined))
      const fiber = yield* Effect.forkChild(writeAll(sink, events, options(told)), { startImmediately: true })
      yield* TestClock.adjust(3_000)
      isAway = false
      yield* TestClock.adjust(4_000)
      const refused = yield* Fiber.join(fiber)
      assert.strictEqual(refused.size, 0)
      assert.strictEqual(sink.taken.length, 8)
      assert.deepStrictEqual(
        told.map((line) => line.split(" ").at(-1)),
        ["1000", "2000", "4000"]
      )
    })
  )

  it.effect("of which the target refuses each event is the target's fault", () =>
    Effect.gen(function* () {
      const told: Array<string> = []
      let isRefusing = true
      const sink = target(() => (isRefusing ? bad : undefined))
      const fiber = yield* Effect.forkChild(writeAll(sink, events, options(told)), { startImmediately: true })
      isRefusing = false
      yield* TestClock.adjust(1_000)
      assert.strictEqual((yield* Fiber.join(fiber)).size, 0)
      assert.deepStrictEqual(told, ["out of range 1000"])
    })
  )
})
