import { assert, describe, it } from "@effect/vitest"
import { GenerationMap } from "../src/GenerationMap.ts"

describe("GenerationMap", () => {
  it("never holds more than the named number and always the half of it that was used last", () => {
    const map = new GenerationMap<number, number>(100)
    for (let i = 0; i < 1000; i++) {
      map.set(i, i)
      assert.isAtMost(map.size, 100)
      for (let recent = Math.max(0, i - 49); recent <= i; recent++) assert.isTrue(map.has(recent))
    }
  })

  it("keeps what is looked up", () => {
    const map = new GenerationMap<number, string>(10)
    map.set(-1, "kept")
    for (let i = 0; i < 100; i++) {
      map.set(i, "passing")
      assert.strictEqual(map.get(-1), "kept")
    }
  })

  it("drops an unused entry at the second turn, and one that was deleted at once from both generations", () => {
    const map = new GenerationMap<string, number>(10)
    map.set("unused", 1)
    map.set("deleted", 2)
    map.turn()
    map.delete("deleted")
    assert.strictEqual(map.size, 1)
    map.turn()
    assert.strictEqual(map.size, 0)
  })

  it("counts a key once that is set again after a turn", () => {
    const map = new GenerationMap<string, number>(10)
    map.set("a", 1)
    map.turn()
    map.set("a", 2)
    assert.deepStrictEqual([map.size, map.get("a")], [1, 2])
  })
})
