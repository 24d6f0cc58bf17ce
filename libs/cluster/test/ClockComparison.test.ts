import { assert, describe, it } from "@effect/vitest"
import { ClockComparison } from "../src/index.ts"

const hour = 3_600_000
const comparing = (ahead: Readonly<Record<string, number>>, records = 3): ClockComparison => {
  const clocks = new ClockComparison()
  for (const [node, by] of Object.entries(ahead)) {
    for (let i = 0; i < records; i++) clocks.told(node, 1_700_000_000_000 + by, 1_700_000_000_000 + 20 * i)
  }
  return clocks
}

describe("the comparison of clocks", () => {
  it("calls the one wrong that differs from the others and nats-server (trust F8)", () => {
    for (const by of [hour, -hour, 6_000]) {
      const clocks = comparing({ a: 0, b: 10, c: by })
      assert.strictEqual(clocks.differenceOf("c"), by)
      assert.isUndefined(clocks.differenceOf("a"))
      clocks.forget("a")
      assert.strictEqual(clocks.differenceOf("c"), by)
    }
  })

  it("and nobody where two groups are equally large, or no two agree (trust F8)", () => {
    for (const ahead of [{ a: hour }, { a: hour, b: hour, c: 0 }, { a: hour, b: -hour }]) {
      const clocks = comparing(ahead)
      for (const node of Object.keys(ahead)) assert.isUndefined(clocks.differenceOf(node))
    }
  })

  it("calls a nats-server wrong whose clock differs from that of all nodes: no node stands by (trust F8)", () => {
    const clocks = comparing({ a: hour, b: hour })
    assert.isUndefined(clocks.differenceOf("a"))
    assert.isUndefined(clocks.differenceOf("b"))
  })

  it("takes a record that waited for the store for no clock that is behind (trust F8)", () => {
    const clocks = comparing({ a: 0, b: 0 })
    clocks.told("a", 0, 7_000)
    clocks.told("new", 0, 7_000)
    assert.isUndefined(clocks.differenceOf("a"))
    assert.isUndefined(clocks.differenceOf("new"))
    for (let i = 0; i < 3; i++) clocks.told("new", 0, 7_000)
    assert.strictEqual(clocks.differenceOf("new"), -7_000)
  })
})
