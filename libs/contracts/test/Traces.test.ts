import { assert, describe, it } from "@effect/vitest"
import { formatFrameTrace, formatTraceparent, frameTracesMax, readFrameTraces, readTraceparent } from "../src/index.ts"

const [traceId, spanId] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"]

describe("traceparent (W3C Trace Context)", () => {
  it("is read as it is written", () => {
    const text = formatTraceparent({ traceId, spanId })
    assert.strictEqual(text, `00-${traceId}-${spanId}-01`)
    assert.deepStrictEqual(readTraceparent(text), { traceId, spanId })
  })

  for (const [what, text] of [
    ["nothing", undefined],
    ["an empty one", ""],
    ["one that is not sampled", `00-${traceId}-${spanId}-00`],
    ["version ff", `ff-${traceId}-${spanId}-01`],
    ["a trace of zeros", `00-${"0".repeat(32)}-${spanId}-01`],
    ["a span of zeros", `00-${traceId}-${"0".repeat(16)}-01`],
    ["capitals", `00-${traceId.toUpperCase()}-${spanId}-01`],
    ["one that is cut off", `00-${traceId}-${spanId}`]
  ] as const) {
    it(`reads no span in ${what}`, () => {
      assert.isUndefined(readTraceparent(text))
    })
  }

  it("reads the version to come, with more behind the flags", () => {
    assert.deepStrictEqual(readTraceparent(`01-${traceId}-${spanId}-03-more`), { traceId, spanId })
  })
})

describe("the traced requests that a frame answers", () => {
  const one = { stamp: 40_000, span: { traceId, spanId }, parentId: "", name: "uplink" }
  const two = { stamp: 0, span: { traceId, spanId }, parentId: "00f067aa0ba902b7", name: "fetch" }

  it("are read as they are written; what can't be read costs itself alone", () => {
    const text = [formatFrameTrace(one), "nonsense", formatFrameTrace(two), ""].join(",")
    assert.deepStrictEqual(readFrameTraces(text), [one, two])
    assert.deepStrictEqual(readFrameTraces(undefined), [])
  })

  it("are at most so many", () => {
    const text = Array.from({ length: frameTracesMax + 5 }, () => formatFrameTrace(one)).join(",")
    assert.lengthOf(readFrameTraces(text), frameTracesMax)
  })
})
