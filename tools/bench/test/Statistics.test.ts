import { describe, expect, it } from "vitest"
import { alternated, median, spread } from "../src/Statistics.ts"

describe("statistics of rounds", () => {
  it("takes the middle value, or the mean of the two in the middle", () => {
    expect(median([9, 1, 5])).toBe(5)
    expect(median([4, 1, 2, 100])).toBe(3)
    expect(median([])).toBeNaN()
  })

  it("tells the largest distance from the median as a share of it", () => {
    expect(spread([10, 8, 11])).toBeCloseTo(0.2)
    expect(spread([10, 8, 13])).toBeCloseTo(0.3)
    expect(spread([7])).toBe(0)
    expect(spread([0, 0])).toBe(0)
  })

  it("lets no server run always first, last or after the same other one", () => {
    const orders = [0, 1, 2, 3].map((round) => alternated(["a", "b", "c"], round).join(""))
    expect(orders).toEqual(["abc", "cba", "bca", "acb"])
    expect(alternated([], 3)).toEqual([])
  })
})
