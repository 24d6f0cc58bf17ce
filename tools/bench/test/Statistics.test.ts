import { assert, describe, it } from "vitest"
import { alternated, median, spread } from "../src/Statistics.ts"

describe("statistics of rounds", () => {
  it("takes the middle value, or the mean of the two in the middle", () => {
    assert.strictEqual(median([9, 1, 5]), 5)
    assert.strictEqual(median([4, 1, 2, 100]), 3)
    assert.isNaN(median([]))
  })

  it("tells the largest distance from the median as a share of it", () => {
    assert.closeTo(spread([10, 8, 11]), 0.2, 0.005)
    assert.closeTo(spread([10, 8, 13]), 0.3, 0.005)
    assert.strictEqual(spread([7]), 0)
    assert.strictEqual(spread([0, 0]), 0)
  })

  it("lets no server run always first, last or after the same other one", () => {
    const orders = [0, 1, 2, 3].map((round) => alternated(["a", "b", "c"], round).join(""))
    assert.deepStrictEqual(orders, ["abc", "cba", "bca", "acb"])
    assert.deepStrictEqual(alternated([], 3), [])
  })
})
