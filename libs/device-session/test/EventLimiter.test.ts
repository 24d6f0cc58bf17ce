import { assert, describe, it } from "@effect/vitest"
import { eventIntervalMillis, eventKeysMax, EventLimiter } from "../src/EventLimiter.ts"

describe("EventLimiter", () => {
  it("D15 lets one event through per interval and counts what it left out", () => {
    const limiter = new EventLimiter()
    assert.strictEqual(limiter.admit(0, "dev1 refused"), 0)
    for (let i = 1; i <= 5; i++) assert.isUndefined(limiter.admit(i, "dev1 refused"))
    assert.strictEqual(limiter.admit(1, "dev2 refused"), 0)
    assert.strictEqual(limiter.admit(eventIntervalMillis, "dev1 refused"), 5)
    assert.isUndefined(limiter.admit(eventIntervalMillis + 1, "dev1 refused"))
  })

  it("forgets the oldest key when its table is full", () => {
    const limiter = new EventLimiter()
    for (let i = 0; i <= eventKeysMax; i++) limiter.admit(0, `dev${i}`)
    assert.strictEqual(limiter.admit(1, "dev0"), 0)
    assert.isUndefined(limiter.admit(1, `dev${eventKeysMax}`))
  })
})
