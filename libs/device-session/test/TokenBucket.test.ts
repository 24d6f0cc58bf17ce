import { assert, describe, it } from "@effect/vitest"
import { takeRequest } from "../src/requests/TokenBucket.ts"

describe("takeRequest", () => {
  it("C20 allows a burst, then a rate", () => {
    const allowance = { requestsLeft: 3, requestsAt: 0 }
    const take = (now: number) => takeRequest(allowance, now, 10, 3)
    assert.deepStrictEqual([take(0), take(0), take(0), take(0)], [true, true, true, false])
    assert.isFalse(take(99))
    assert.isTrue(take(100))
    assert.isFalse(take(101))
    assert.deepStrictEqual([take(10_000), take(10_000), take(10_000), take(10_000)], [true, true, true, false])
  })

  it("does not run backwards with the clock", () => {
    const allowance = { requestsLeft: 1, requestsAt: 1000 }
    assert.isTrue(takeRequest(allowance, 0, 10, 3))
    assert.isFalse(takeRequest(allowance, 0, 10, 3))
  })
})
