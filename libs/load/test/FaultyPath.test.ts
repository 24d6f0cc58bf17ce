import { seededRandom } from "@roost/random"
import { assert, describe, it } from "vitest"
import { FaultyPath } from "../src/FaultyPath.ts"

describe("FaultyPath", () => {
  it("loses and holds back the shares it was given", () => {
    const path = new FaultyPath<number>({ loss: 0.2, reorder: 0.1, reorderMillis: 5 }, seededRandom(7))
    const fates = { Passes: 0, Lost: 0, Held: 0 }
    for (let i = 0; i < 100_000; i++) fates[path.fateOf(i, 0)]++
    assert.closeTo(fates.Lost / 100_000, 0.2, 0.005)
    // Of those that were not lost.
    assert.closeTo(fates.Held / 80_000, 0.1, 0.005)
    assert.deepStrictEqual(path.take(), { lost: fates.Lost, reordered: fates.Held })
    assert.deepStrictEqual(path.take(), { lost: 0, reordered: 0 })
  })

  it("lets a held datagram go when its time has come, after those that passed in between", () => {
    const path = new FaultyPath<string>({ loss: 0, reorder: 1, reorderMillis: 20 }, () => 0.5)
    assert.strictEqual(path.fateOf("first", 100), "Held")
    const arrived = ["second"]
    path.release(119, (datagram) => arrived.push(datagram))
    assert.deepStrictEqual(arrived, ["second"])
    assert.strictEqual(path.nextRelease, 120)
    path.release(120, (datagram) => arrived.push(datagram))
    assert.deepStrictEqual(arrived, ["second", "first"])
    assert.strictEqual(path.nextRelease, Infinity)
  })

  it("does the same again with the same seed, and something else with another", () => {
    const fates = (seed: number) => {
      const path = new FaultyPath<number>({ loss: 0.3, reorder: 0.3, reorderMillis: 1 }, seededRandom(seed))
      return Array.from({ length: 100 }, (_, i) => path.fateOf(i, 0))
    }
    assert.deepStrictEqual(fates(1), fates(1))
    assert.notDeepEqual(fates(1), fates(2))
  })
})
