import { assert, describe, it } from "@effect/vitest"
import { reportedPoints } from "../src/index.ts"

const of = (params: unknown, receivedAt = 1000) =>
  reportedPoints(new TextEncoder().encode(JSON.stringify({ id: "1", version: "1.0", method: "m", params })), receivedAt)

describe("reportedPoints", () => {
  it("of a post have its time, or that of its reception", () => {
    assert.deepStrictEqual(of({ measurepoints: { a: 1, b: "x" }, time: 500 }), [
      { id: "a", value: 1, time: 500 },
      { id: "b", value: "x", time: 500 }
    ])
    assert.deepStrictEqual(of({ measurepoints: { a: [1] } }), [{ id: "a", value: [1], time: 1000 }])
    assert.deepStrictEqual(of({ measurepoints: { a: 1 }, time: "700" }), [{ id: "a", value: 1, time: 700 }])
  })

  it("tell value and quality apart, and leave structs alone", () => {
    assert.deepStrictEqual(of({ measurepoints: { a: { value: 1.5, quality: 9 } } }), [
      { id: "a", value: 1.5, quality: 9, time: 1000 }
    ])
    for (const struct of [{ value: 1 }, { value: 1, quality: 10 }, { value: 1, quality: 1, more: 1 }]) {
      assert.deepStrictEqual(of({ measurepoints: { a: struct } }), [{ id: "a", value: struct, time: 1000 }])
    }
  })

  it("of a batch are those of all its posts", () => {
    const batch = [
      { measurepoints: { a: 1 }, time: 1 },
      { measurepoints: { a: 2 }, time: 2 }
    ]
    assert.deepStrictEqual(
      of(batch).map(({ value, time }) => [value, time]),
      [
        [1, 1],
        [2, 2]
      ]
    )
  })

  it("of what is no post are none", () => {
    for (const params of [{}, { measurepoints: [] }, [1]]) assert.isEmpty(of(params))
    assert.isEmpty(reportedPoints(new TextEncoder().encode("{"), 1))
  })
})
