import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { deletionMillisMax } from "../src/index.ts"
import { deleteEventsOf } from "../src/sql/ProductDeletion.ts"
import type { SqlTransaction } from "../src/sql/Sql.ts"
import { Step } from "../src/Step.ts"

describe("a step of a deletion", () => {
  it("begins small, halves when it holds the thread for too long, down to one, and grows again when there is time", () => {
    const step = new Step(64)
    assert.strictEqual(step.size, 8)
    for (let i = 0; i < 3; i++) step.took(0)
    const sizes = [deletionMillisMax + 1, 729, 729, 729, 729, 729, 729, deletionMillisMax, 1, 1].map((millis) => {
      step.took(millis)
      return step.size
    })
    assert.deepStrictEqual(sizes, [32, 16, 8, 4, 2, 1, 1, 1, 2, 4])
    for (let i = 0; i < 10; i++) step.took(0)
    assert.strictEqual(step.size, 64)
  })

  it.effect("counts the time of its statements alone: the wait for other instances is no shorter for fewer rows", () =>
    Effect.gen(function* () {
      const sql: Pick<SqlTransaction, "enter" | "forUpdate" | "run"> = {
        forUpdate: "",
        enter: () => Effect.sleep("1 second"),
        run: () => Effect.as(Effect.sleep("3 millis"), 5)
      }
      const step = yield* Effect.forkScoped(deleteEventsOf(sql as SqlTransaction, "pk1", 10), {
        startImmediately: true
      })
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(yield* Fiber.join(step), { deleted: 5, millis: 3 })
      const elsewhere: typeof sql = {
        ...sql,
        forUpdate: " FOR UPDATE",
        run: () => Effect.as(Effect.sleep("30 millis"), 5)
      }
      const other = yield* Effect.forkScoped(deleteEventsOf(elsewhere as SqlTransaction, "pk1", 10), {
        startImmediately: true
      })
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(yield* Fiber.join(other), { deleted: 5, millis: 6 })
    })
  )
})
