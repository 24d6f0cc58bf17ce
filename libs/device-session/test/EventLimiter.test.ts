import { assert, describe, it } from "@effect/vitest"
import { eventIntervalMillis, eventKeysMax, EventLimiter, eventReasonsMax } from "../src/EventLimiter.ts"

describe("EventLimiter", () => {
  it("D15 lets one event through per interval and counts what it left out", () => {
    const limiter = new EventLimiter()
    assert.strictEqual(limiter.admit(0, "dev1 refused", "wrong key"), 0)
    for (let i = 1; i <= 5; i++) assert.isUndefined(limiter.admit(i, "dev1 refused", "wrong key"))
    assert.strictEqual(limiter.admit(1, "dev2 refused", "wrong key"), 0)
    assert.strictEqual(limiter.admit(eventIntervalMillis, "dev1 refused", "wrong key"), 5)
    assert.isUndefined(limiter.admit(eventIntervalMillis + 1, "dev1 refused", "wrong key"))
  })

  it("R10 lets another reason through at once, with the count of what was left out before it", () => {
    const limiter = new EventLimiter()
    assert.strictEqual(limiter.admit(0, "dev1 refused", "disabled during its handshake"), 0)
    assert.isUndefined(limiter.admit(1, "dev1 refused", "disabled during its handshake"))
    assert.strictEqual(limiter.admit(2, "dev1 refused", "DeviceDisabled"), 1)
    assert.isUndefined(limiter.admit(3, "dev1 refused", "DeviceDisabled"))
    assert.strictEqual(limiter.admit(eventIntervalMillis, "dev1 refused", "DeviceDisabled"), 1)
  })

  it("D15 a device that makes up reasons gets a few of them told per interval", () => {
    const limiter = new EventLimiter()
    const admitted = Array.from({ length: 100 }, (_, i) => limiter.admit(i, "dev1 refused", `Lifetime ${i}`))
    assert.lengthOf(
      admitted.filter((left) => left !== undefined),
      eventReasonsMax
    )
    assert.strictEqual(limiter.admit(eventIntervalMillis, "dev1 refused", "Lifetime 7"), 100 - eventReasonsMax)
  })

  it("forgets the oldest key when its table is full", () => {
    const limiter = new EventLimiter()
    for (let i = 0; i <= eventKeysMax; i++) limiter.admit(0, `dev${i}`, "wrong key")
    assert.strictEqual(limiter.admit(1, "dev0", "wrong key"), 0)
    assert.isUndefined(limiter.admit(1, `dev${eventKeysMax}`, "wrong key"))
  })
})
