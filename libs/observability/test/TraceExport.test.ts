import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Exit, Layer, Logger } from "effect"
import { metrics, tracing } from "../src/index.ts"
import { layerTraceExport, spansPerRequestMax } from "../src/otlp/TraceExport.ts"
import { receiver } from "./support/receiver.ts"

const exporting = <A, E, R>(env: Readonly<Record<string, string>>, effect: Effect.Effect<A, E, R>) =>
  effect.pipe(
    Effect.provide(layerTraceExport("udp-edge").pipe(Layer.provide(Logger.layer([])))),
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown(env))
  )

const record = (count: number) =>
  Effect.sync(() => {
    for (let i = 0; i < count; i++) {
      const context = tracing.begin()!
      tracing.record({
        context,
        parentId: undefined,
        name: "uplink",
        kind: "server",
        startedAt: 1,
        endedAt: 2,
        attributes: {}
      })
    }
  })

const counted = (name: string) => metrics.read(name)[0]?.[1] ?? 0

describe("the export of traces", () => {
  it.effect("sends what waits when the app ends, in requests of a bounded number of spans, and is off after that", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* receiver()
      const before = counted("roost_trace_spans_exported_total")
      yield* exporting({ ROOST_TRACE_SAMPLING: "1", ROOST_OTLP_ENDPOINT: `${url}/` }, record(spansPerRequestMax + 10))
      const sizes = requests.map(({ body }) => body.resourceSpans[0].scopeSpans[0].spans.length)
      assert.strictEqual(
        sizes.reduce((sum, size) => sum + size),
        spansPerRequestMax + 10
      )
      assert.isTrue(sizes.every((size) => size <= spansPerRequestMax))
      assert.isTrue(requests.every(({ path }) => path === "/v1/traces"))
      assert.include(JSON.stringify(requests[0]!.body.resourceSpans[0].resource), "udp-edge")
      assert.strictEqual(counted("roost_trace_spans_exported_total") - before, spansPerRequestMax + 10)
      assert.isFalse(tracing.active)
    })
  )

  it.effect("counts what the receiver does not take, and goes on", () =>
    Effect.gen(function* () {
      const { url } = yield* receiver(503)
      const before = counted("roost_trace_spans_lost_total")
      yield* exporting(
        { ROOST_TRACE_DEVICES: "p/d", ROOST_OTLP_ENDPOINT: url },
        Effect.sync(() => {
          const context = tracing.begin({ productKey: "p", deviceKey: "d" })!
          const span = {
            context,
            parentId: undefined,
            name: "uplink",
            kind: "server",
            startedAt: 1,
            endedAt: 2
          } as const
          tracing.record({ ...span, attributes: {} })
        })
      )
      assert.strictEqual(counted("roost_trace_spans_lost_total") - before, 1)
      assert.strictEqual(tracing.waiting, 0)
    })
  )

  for (const [answer, lost] of [
    ['{"partialSuccess":{"rejectedSpans":"3","errorMessage":"too old"}}', 3],
    ['{"partialSuccess":{"rejectedSpans":2}}', 2],
    ['{"partialSuccess":{}}', 0],
    ["", 0],
    ["<html>", 0],
    [`{"partialSuccess":{"rejectedSpans":"1"},"x":"${"x".repeat(20_000)}"}`, 0]
  ] as const) {
    it.effect(
      `counts ${lost} spans as lost where the receiver took a request and answered ${answer.slice(0, 64)}`,
      () =>
        Effect.gen(function* () {
          const { url } = yield* receiver(200, answer)
          const before = [counted("roost_trace_spans_lost_total"), counted("roost_trace_spans_exported_total")] as const
          yield* exporting({ ROOST_TRACE_SAMPLING: "1", ROOST_OTLP_ENDPOINT: url }, record(10))
          assert.strictEqual(counted("roost_trace_spans_lost_total") - before[0], lost)
          assert.strictEqual(counted("roost_trace_spans_exported_total") - before[1], 10 - lost)
        })
    )
  }

  for (const [variable, value, expected] of [
    ["ROOST_TRACE_SAMPLING", "2", "expected a number from 0 to 1"],
    ["ROOST_TRACE_SAMPLING", "-0.1", "expected a number from 0 to 1"],
    ["ROOST_TRACE_DEVICES", "meter-1", "expected PRODUCT/DEVICE"],
    ["ROOST_OTLP_ENDPOINT", "collector:4318", "expected an address that begins with http:// or https://"],
    ["ROOST_OTLP_ENDPOINT", "http://me:secret@collector:4318", "without a login"]
  ] as const) {
    it.effect(`refuses ${variable}=${value}`, () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(exporting({ [variable]: value }, Effect.void))
        assert.isTrue(Exit.isFailure(exit))
        assert.include(String(exit), expected)
      })
    )
  }
})
