import { assert, describe, it } from "@effect/vitest"
import { otlpTraces } from "../src/otlp/Traces.ts"
import type { Span } from "../src/tracing/Span.ts"
import { spansWaitingMax, Tracing } from "../src/tracing/Tracing.ts"

const span: Span = {
  context: { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" },
  parentId: "00f067aa0ba902b7",
  name: "store",
  kind: "producer",
  startedAt: 1_795_476_031_270,
  endedAt: 1_795_476_031_274.5,
  attributes: { stream: "UPLINK", sequence: 7, share: 0.5 },
  error: "the store did not take it"
}

describe("tracing", () => {
  it("is off until it is told what to trace", () => {
    const tracing = new Tracing(() => 0)
    assert.isFalse(tracing.active)
    assert.isUndefined(tracing.begin({ productKey: "p", deviceKey: "d" }))
  })

  it("traces its share of requests, decided once for each", () => {
    const thrown = [0.1, 0.25, 0.24, 0.9]
    const tracing = new Tracing(() => thrown.shift()!)
    tracing.configure({ share: 0.25, devices: new Set() })
    assert.deepStrictEqual(
      [1, 2, 3, 4].map(() => tracing.begin() !== undefined),
      [true, false, true, false]
    )
  })

  it("traces every request of a device that is named, and begins a trace of its own for each", () => {
    const tracing = new Tracing(() => 0.999)
    tracing.configure({ share: 0, devices: new Set(["p/d"]) })
    assert.isTrue(tracing.active)
    const [one, two] = [1, 2].map(() => tracing.begin({ productKey: "p", deviceKey: "d" })!)
    assert.match(one!.traceId, /^[0-9a-f]{32}$/)
    assert.match(one!.spanId, /^[0-9a-f]{16}$/)
    assert.notStrictEqual(one!.traceId, two!.traceId)
    assert.isUndefined(tracing.begin({ productKey: "p", deviceKey: "e" }))
    assert.isUndefined(tracing.begin())
    const child = tracing.child(one!)
    assert.strictEqual(child.traceId, one!.traceId)
    assert.notStrictEqual(child.spanId, one!.spanId)
  })

  it("keeps a bounded number of spans, counts what it drops, and gives the oldest first", () => {
    const tracing = new Tracing()
    for (let i = 0; i < spansWaitingMax + 3; i++) tracing.record({ ...span, name: String(i) })
    assert.deepStrictEqual([tracing.waiting, tracing.dropped], [spansWaitingMax, 3])
    assert.deepStrictEqual(
      tracing.take(2).map(({ name }) => name),
      ["0", "1"]
    )
    assert.strictEqual(tracing.waiting, spansWaitingMax - 2)
  })

  it("writes OTLP's JSON: ids in hexadecimal, nanoseconds as text, kinds and status as numbers", () => {
    const body = JSON.parse(otlpTraces({ service: "session-actors", node: "a", version: "1.2.3" }, [span]))
    const [{ resource, scopeSpans }] = body.resourceSpans
    assert.deepInclude(resource.attributes, { key: "service.name", value: { stringValue: "session-actors" } })
    assert.deepStrictEqual(scopeSpans[0].spans, [
      {
        traceId: "0af7651916cd43dd8448eb211c80319c",
        spanId: "b7ad6b7169203331",
        parentSpanId: "00f067aa0ba902b7",
        name: "store",
        kind: 4,
        startTimeUnixNano: "1795476031270000000",
        endTimeUnixNano: "1795476031274500000",
        attributes: [
          { key: "stream", value: { stringValue: "UPLINK" } },
          { key: "sequence", value: { intValue: "7" } },
          { key: "share", value: { doubleValue: 0.5 } }
        ],
        status: { code: 2, message: "the store did not take it" }
      }
    ])
  })
})
