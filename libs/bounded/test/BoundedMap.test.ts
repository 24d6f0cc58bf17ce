import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { BoundedMap } from "../src/index.ts"

const Step = Schema.Tuple([
  Schema.Literals(["set", "delete", "touch"]),
  Schema.Literals([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
])

/** The same by a list that is searched. */
const play = (max: number, played: ReadonlyArray<typeof Step.Type>) => {
  const map = new BoundedMap<number, number>(max)
  let model: Array<readonly [number, number]> = []
  played.forEach(([call, key], value) => {
    const known = model.find(([each]) => each === key)
    const others = model.filter(([each]) => each !== key)
    if (call === "set") {
      const evicted = known === undefined && model.length === max ? model[0] : undefined
      assert.deepStrictEqual(map.set(key, value), evicted)
      model = [...(evicted === undefined ? others : others.slice(1)), [key, value]]
    } else if (call === "delete") {
      assert.strictEqual(map.delete(key), known !== undefined)
      model = others
    } else {
      assert.strictEqual(map.touch(key), known !== undefined)
      if (known !== undefined) model = [...others, known]
    }
    assert.deepStrictEqual([...map], model)
    assert.deepStrictEqual(map.oldest(), model[0])
    assert.strictEqual(map.size, model.length)
  })
}

describe("BoundedMap", () => {
  it.prop(
    "has the newest entries in the order in which they were set, whatever is called",
    [Schema.Literals([1, 2, 3, 5, 8]), Schema.Array(Step)],
    ([max, steps]) => play(max, steps),
    { arbitrary: { runs: 200, size: 100 } }
  )

  it("lets the entry go that the iteration gave out last", () => {
    const map = new BoundedMap<number, string>(4)
    for (let key = 0; key < 4; key++) map.set(key, "")
    for (const [key] of map) if (key % 2 === 0) map.delete(key)
    assert.deepStrictEqual(
      [...map].map(([key]) => key),
      [1, 3]
    )
  })

  it("has room for one entry where its limit is nothing", () => {
    const map = new BoundedMap<string, number>(0)
    map.set("a", 1)
    assert.deepStrictEqual(map.set("b", 2), ["a", 1])
    map.clear()
    assert.deepStrictEqual([...map], [])
    assert.isUndefined(map.oldest())
  })
})
