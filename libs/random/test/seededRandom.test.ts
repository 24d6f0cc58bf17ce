import { assert, it } from "@effect/vitest"
import { seededRandom } from "../src/index.ts"

it("gives the same numbers to the same seed, and others to another", () => {
  const firstOf = (seed: number) => Array.from({ length: 3 }, seededRandom(seed))
  assert.deepStrictEqual(firstOf(1), [0.6270739405881613, 0.002735721180215478, 0.5274470399599522])
  assert.notDeepEqual(firstOf(2), firstOf(1))
})

it("spreads its numbers evenly over [0, 1)", () => {
  const random = seededRandom(7)
  const counts = Array.from({ length: 10 }, () => 0)
  for (let i = 0; i < 100_000; i++) counts[Math.floor(random() * 10)]!++
  for (const count of counts) assert.closeTo(count, 10_000, 400)
})
