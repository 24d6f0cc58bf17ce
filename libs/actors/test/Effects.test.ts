import { assert, describe, it } from "@effect/vitest"
import { Effects } from "../src/Effects.ts"

describe("the effects of an input", () => {
  it("are taken in their order, those that are pushed meanwhile behind the others", () => {
    const effects = new Effects<string>()
    effects.push("a")
    effects.push("b")
    assert.strictEqual(effects.take(), "a")
    effects.push("c")
    assert.deepStrictEqual([...effects], ["b", "c"])
    assert.deepStrictEqual([effects.take(), effects.take(), effects.take()], ["b", "c", undefined])
  })

  it("are gone once they are cleared, however many they were", () => {
    for (const count of [3, 1_000]) {
      const effects = new Effects<number>()
      for (let i = 0; i < count; i++) effects.push(i)
      effects.take()
      effects.clear()
      assert.strictEqual(effects.size, 0)
      assert.isUndefined(effects.take())
      effects.push(7)
      assert.deepStrictEqual([...effects], [7])
    }
  })
})
