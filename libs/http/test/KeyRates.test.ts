import { assert, describe, it } from "@effect/vitest"
import { burstSeconds, KeyRates, owedSecondsMax, ratedKeysMax } from "../src/KeyRates.ts"

describe("the rate of an API key", () => {
  it("lets a burst through, then its rate, and says how long to wait", () => {
    const rates = new KeyRates()
    for (let i = 0; i < 10 * burstSeconds; i++) assert.strictEqual(rates.take("a", 10, 0), 0)
    assert.strictEqual(rates.take("a", 10, 0), 100)
    assert.strictEqual(rates.take("b", 10, 0), 0)
    assert.strictEqual(rates.take("a", 10, 100), 0)
    assert.strictEqual(rates.take("a", 10, 150), 50)
  })

  it("holds over several processes that tell each other what they let through", () => {
    const processes = [new KeyRates(), new KeyRates(), new KeyRates()]
    let taken = 0
    const seconds = 60
    for (let now = 0; now < seconds * 1_000; now += 10) {
      for (const rates of processes) if (rates.take("a", 10, now) === 0) taken++
      if (now % 1_000 > 0) continue
      const told = processes.map((rates) => rates.sinceLast())
      for (const [i, uses] of told.entries()) {
        for (const [j, rates] of processes.entries()) if (i !== j) for (const use of uses) rates.note(use, now)
      }
    }
    // Each lets its burst through, and a second of the rate, before it hears of the others.
    assert.isAtMost(taken, 10 * (seconds + processes.length * (burstSeconds + 1)))
    assert.isAtLeast(taken, 10 * (seconds - burstSeconds))
    assert.deepStrictEqual(new KeyRates().sinceLast(), [])
  })

  it("holds no more against a key than a minute of its rate, whatever is told", () => {
    const rates = new KeyRates()
    rates.note({ id: "a", taken: 1e9, perSecond: 10 }, 0)
    assert.isAtMost(rates.take("a", 10, 0), owedSecondsMax * 1_000)
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
