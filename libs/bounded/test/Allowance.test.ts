import { assert, describe, it } from "@effect/vitest"
import { allowance, Allowances, sourceOf, take } from "../src/index.ts"

describe("Allowance", () => {
  it("is used up by its burst and grows by its rate up to the burst", () => {
    const own = allowance(0, 3)
    assert.deepStrictEqual(
      [1, 2, 3, 4].map(() => take(own, 0, 2, 3)),
      [true, true, true, false]
    )
    assert.isFalse(take(own, 499, 2, 3))
    assert.isTrue(take(own, 500, 2, 3))
    assert.deepStrictEqual(
      [1, 2, 3, 4].map(() => take(own, 3_600_000, 2, 3)),
      [true, true, true, false]
    )
  })

  it("takes all of a cost or nothing", () => {
    const own = allowance(0, 10)
    assert.isFalse(take(own, 0, 1, 10, 11))
    assert.isTrue(take(own, 0, 1, 10, 10))
  })

  it("earns nothing while the clock runs backwards", () => {
    const own = allowance(10_000, 1)
    assert.isTrue(take(own, 10_000, 1, 1))
    assert.isFalse(take(own, 5_000, 1, 1))
    assert.isTrue(take(own, 6_000, 1, 1))
  })

  it("is one for each key, and forgotten for the key that was used the longest time ago", () => {
    const rates = new Allowances<string>({ perSecond: 1, burst: 1, max: 2 })
    assert.isTrue(rates.take(0, "a"))
    assert.isTrue(rates.take(0, "b"))
    assert.isFalse(rates.take(0, "a"))
    assert.isTrue(rates.take(0, "c"))
    assert.isFalse(rates.take(0, "a"))
    assert.isTrue(rates.take(0, "b"))
    assert.strictEqual(rates.size, 2)
  })
})

describe("sourceOf", () => {
  it("is the address of IPv4 and the network of IPv6, whatever the port", () => {
    const v4 = (address: number, port: number) => address * 0x1_0000 + port
    assert.strictEqual(sourceOf(v4(0xc000_0201, 5684)), sourceOf(v4(0xc000_0201, 1)))
    assert.notStrictEqual(sourceOf(v4(0xc000_0201, 5684)), sourceOf(v4(0xc000_0202, 5684)))
    const v6 = (network: string, host: string, port: string) => `${network}${host}${port}`
    assert.strictEqual(sourceOf(v6("20010db8", "00000001", "ab")), sourceOf(v6("20010db8", "00000002", "cd")))
    assert.notStrictEqual(sourceOf(v6("20010db8", "00000001", "ab")), sourceOf(v6("20010db9", "00000001", "ab")))
  })
})
