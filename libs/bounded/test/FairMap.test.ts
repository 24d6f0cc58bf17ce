import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { FairMap } from "../src/index.ts"

const Limit = Schema.Literals([1, 2, 3, 5, 9])
const Step = Schema.Struct({
  remove: Schema.Boolean,
  source: Schema.Literals([0, 1, 2, 3, 4]),
  key: Schema.Literals([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
})

describe("FairMap", () => {
  it("takes the place of one more entry from the source that has the most", () => {
    const map = new FairMap<string, number>(100)
    map.set("victim", "hello", 0)
    for (let i = 0; i < 500; i++) map.set("flood", `flood ${i}`, i)
    assert.strictEqual(map.get("hello"), 0)
    assert.strictEqual(map.countOf("flood"), 99)
    assert.isTrue(map.has("flood 499"))
    assert.isFalse(map.has("flood 400"))
  })

  it("lets one source fill a table that nobody else wants", () => {
    const map = new FairMap<number, number>(1000)
    for (let device = 0; device < 1000; device++) assert.isUndefined(map.set("nat", device, device))
    assert.strictEqual(map.countOf("nat"), 1000)
  })

  it("keeps a source within its own limit while there is room", () => {
    const map = new FairMap<number, number>(10, 2)
    map.set("one", 1, 1)
    map.set("one", 2, 2)
    assert.deepStrictEqual(map.set("one", 3, 3), [1, 1])
    assert.strictEqual(map.size, 2)
  })

  it("moves an entry that another source sets", () => {
    const map = new FairMap<string, number>(10)
    map.set("one", "key", 1)
    map.set("other", "key", 2)
    assert.strictEqual(map.countOf("one"), 0)
    assert.strictEqual(map.countOf("other"), 1)
    assert.strictEqual(map.sources, 1)
    assert.deepStrictEqual([...map], [["key", 2]])
  })

  it.prop(
    "counts right, keeps order and evicts from a largest source, whatever is called",
    [Limit, Limit, Schema.Array(Step)],
    ([max, maxPerSource, steps]) => {
      const map = new FairMap<number, number>(max, maxPerSource)
      let model: Array<{ source: number; key: number; value: number }> = []
      const count = (source: number) => model.filter((entry) => entry.source === source).length
      steps.forEach(({ key, remove, source }, value) => {
        const known = model.find((entry) => entry.key === key)
        model = model.filter((entry) => entry !== known)
        if (remove) {
          assert.strictEqual(map.delete(key), known !== undefined)
        } else {
          const largest = Math.max(...[0, 1, 2, 3, 4].map(count))
          const evicted = map.set(source, key, value)
          const victim = model.find((entry) => entry.key === evicted?.[0])
          assert.strictEqual(evicted === undefined, count(source) < Math.min(max, maxPerSource) && model.length < max)
          if (victim !== undefined) {
            if (count(source) >= Math.min(max, maxPerSource)) assert.strictEqual(victim.source, source)
            else assert.strictEqual(count(victim.source), largest)
            assert.strictEqual(
              victim,
              model.find((entry) => entry.source === victim.source)
            )
          }
          model = [...model.filter((entry) => entry !== victim), { source, key, value }]
        }
        assert.deepStrictEqual(
          [...map],
          model.map((entry) => [entry.key, entry.value] as const)
        )
        assert.strictEqual(map.size, model.length)
        assert.strictEqual(map.sources, new Set(model.map((entry) => entry.source)).size)
        for (const each of [0, 1, 2, 3, 4]) assert.strictEqual(map.countOf(each), count(each))
        const first = model[0]
        assert.deepStrictEqual(map.oldest(), first && [first.key, first.value])
      })
    },
    { arbitrary: { runs: 200, size: 100 } }
  )
})

describe("turns", () => {
  it("go round the sources, each with its oldest entry, however many one has", () => {
    const map = new FairMap<string, number>(100)
    for (let i = 0; i < 50; i++) map.set(1, `a${i}`, i)
    map.set(2, "b0", 0)
    map.set(3, "c0", 0)
    map.set(3, "c1", 1)
    const turns = (count: number) => Array.from({ length: count }, () => map.takeTurn()?.[0])
    assert.deepStrictEqual(turns(4), ["a0", "b0", "c0", "a1"])
    map.set(2, "b1", 1)
    assert.deepStrictEqual(turns(4), ["c1", "a2", "b1", "a3"])
    map.delete("a4")
    assert.deepStrictEqual(turns(2), ["a5", "a6"])
    while (map.takeTurn() !== undefined);
    assert.deepStrictEqual([map.size, map.sources, map.takeTurn()], [0, 0, undefined])
  })
})
