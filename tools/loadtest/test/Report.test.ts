import { Schema } from "effect"
import { assert, it } from "vitest"
import { Latency } from "../src/Report.ts"

it("a latency without measurements has null percentiles", () => {
  const none = { count: 0, mean: null, p50: null, p90: null, p99: null, p999: null, max: null }
  assert.deepStrictEqual(Schema.decodeUnknownSync(Latency)(none), none)
  assert.throws(() => Schema.decodeUnknownSync(Latency)({ ...none, p50: "0" }))
})
