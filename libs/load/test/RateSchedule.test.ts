import { assert, describe, it } from "vitest"
import { RateSchedule } from "../src/RateSchedule.ts"

describe("RateSchedule", () => {
  it("has the n-th event due at n divided by the rate, without drift over a million", () => {
    const schedule = new RateSchedule(1_000, 300)
    let worst = 0
    for (let n = 0; n < 1_000_000; n++) worst = Math.max(worst, Math.abs(schedule.take() - (1_000 + (n * 1000) / 300)))
    assert.isBelow(worst, 1e-6)
  })

  it("keeps the intended times of those that a stall delayed: no coordinated omission", () => {
    const schedule = new RateSchedule(0, 100)
    assert.strictEqual(schedule.take(), 0)
    // Nothing could be sent for a second: a hundred are overdue, and each knows since when.
    assert.strictEqual(schedule.backlog(1_000), 100)
    const lateness: Array<number> = []
    while (schedule.isDue(1_000)) lateness.push(1_000 - schedule.take())
    assert.strictEqual(lateness.length, 100)
    assert.strictEqual(lateness[0], 990)
    assert.strictEqual(lateness.at(-1), 0)
  })

  it("is never due at rate 0", () => {
    const schedule = new RateSchedule(0, 0)
    assert.isFalse(schedule.isDue(Number.MAX_SAFE_INTEGER))
    assert.strictEqual(schedule.backlog(1e9), 0)
  })
})
