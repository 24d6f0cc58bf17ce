import { assert, it } from "vitest"
import { figuresIn } from "../src/MicroFigures.ts"

it("finds the figures that benchmarks print, and nothing else", () => {
  const output = [
    "     3.3 µs  open 120 bytes, CCM_8",
    "set later: 12 ns CPU per timer",
    "1000000 fired",
    "",
    "route table: 45 bytes per id"
  ]
  assert.deepStrictEqual(figuresIn(output.join("\n")), [
    { name: "open 120 bytes, CCM_8", value: "3.3", unit: "µs" },
    { name: "set later", value: "12", unit: "ns CPU per timer" },
    { name: "route table", value: "45", unit: "bytes per id" }
  ])
})
