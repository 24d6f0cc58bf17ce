import { assert, describe, it } from "@effect/vitest"
import { burstSeconds, KeyRates, ratedKeysMax } from "../src/KeyRates.ts"

describe("the rate of an API key", () => {
  it("lets a burst through, then its rate, and says how long to wait", () => {
    const rates = new KeyRates()
    for (let i = 0; i < 10 * burstSeconds; i++) assert.strictEqual(rates.take("a", 10, 0), 0)
    assert.strictEqual(rates.take("a", 10, 0), 100)
    assert.strictEqual(rates.take("b", 10, 0), 0)
    assert.strictEqual(rates.take("a", 10, 100), 0)
    assert.strictEqual(rates.take("a", 10, 150), 50)
  })

  it("is counted for so many keys at once; the one that was quiet longest is forgotten", () => {
    const rates = new KeyRates()
    rates.take("busy", 0.5, 0)
    rates.take("quiet", 0.5, 0)
    for (let i = 0; i < ratedKeysMax - 2; i++) rates.take(`k${i}`, 0.5, 1)
    assert.isAbove(rates.take("busy", 0.5, 1), 0)
    rates.take("one more", 0.5, 1)
    assert.strictEqual(rates.take("quiet", 0.5, 1), 0)
    assert.isAbove(rates.take("busy", 0.5, 1), 0)
  })
})
