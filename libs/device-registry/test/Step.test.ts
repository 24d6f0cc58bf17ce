import { assert, describe, it } from "@effect/vitest"
import { deletionMillisMax } from "../src/index.ts"
import { Step } from "../src/Step.ts"

describe("a step of a deletion", () => {
  it("begins small, halves when it holds the thread for too long, down to one, and grows again when there is time", () => {
    const step = new Step(64)
    assert.strictEqual(step.size, 8)
    for (let i = 0; i < 3; i++) step.took(0)
    const sizes = [deletionMillisMax + 1, 729, 729, 729, 729, 729, 729, deletionMillisMax, 1, 1].map((millis) => {
      step.took(millis)
      return step.size
    })
    assert.deepStrictEqual(sizes, [32, 16, 8, 4, 2, 1, 1, 1, 2, 4])
    for (let i = 0; i < 10; i++) step.took(0)
    assert.strictEqual(step.size, 64)
  })
})
