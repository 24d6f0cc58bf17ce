import { assert, describe, it } from "@effect/vitest"
import {
  eventIntervalMillis,
  eventKeysMax,
  EventLimiter,
  eventReasonsMax,
  eventsBurstMax,
  eventsPerSecondMax
} from "../src/EventLimiter.ts"

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

  it("tells a bounded number of all devices together, and first ones before repetitions (trust A1)", () => {
    const limiter = new EventLimiter()
    let told = 0
    for (let i = 0; i < 100_000; i++) if (limiter.admit(i / 20, `dev${i}`, "wrong key") === 0) told++
    assert.isAtMost(told, eventsBurstMax + 5 * eventsPerSecondMax)
    assert.isAtLeast(told, eventsBurstMax + 5 * eventsPerSecondMax - 10)
    let now = 5000
    const again = () => {
      now++
      return limiter.admit(now, "known", `reason ${now}`)
    }
    for (let i = 0; i < 3000; i++) again()
    assert.isUndefined(again())
    assert.strictEqual(limiter.admit(now, "never heard of", "wrong key"), 0)
  })

  it("remembers every device that can be told of in an interval (trust A1)", () => {
    assert.isAtLeast(eventKeysMax, eventsBurstMax + (eventIntervalMillis / 1000) * eventsPerSecondMax)
  })
})
