import { assert, describe, it } from "@effect/vitest"
import { waitUntil } from "@roost/testkit"
import { ConfigProvider, Effect, Exit, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import { Histogram, identity, MetricRegistry, metrics, version } from "../src/index.ts"
import { layerMetricExport } from "../src/otlp/MetricExport.ts"
import { otlpMetrics } from "../src/otlp/Metrics.ts"
import { type Received, receiver } from "./support/receiver.ts"

interface StringAttribute {
  readonly key: string
  readonly value: { readonly stringValue: string }
}

const exporting = <A, E, R>(
  env: Readonly<Record<string, string>>,
  effect: Effect.Effect<A, E, R>,
  registry = new MetricRegistry()
) =>
  effect.pipe(
    Effect.provide(layerMetricExport("udp-edge", registry).pipe(Layer.provide(Logger.layer([])))),
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown(env))
  )

const exportsCounted = () => Object.fromEntries(metrics.read("roost_metrics_exports_total", "outcome"))

/** The value of the one point of a counter. */
const sumOf = ({ body }: Received, name: string): number =>
  body.resourceMetrics[0].scopeMetrics[0].metrics.find((metric) => metric.name === name)!.sum.dataPoints[0].asDouble

describe("metrics by OTLP", () => {
  it("are what /metrics has, under the same names, since the start of the process", () => {
    const registry = new MetricRegistry()
    registry.counter("a_total", "Things.", { kind: 'x"y' }).inc(2)
    registry.countersFrom("b_bytes_total", "By kind.", "code", new Map([[4, 7]]), (code) => `4.0${code}`)
    registry.gaugeFrom("c", "Nothing yet.", () => Number.NaN)
    registry.gauge("empty", "Taken away.")
    const latency = new Histogram([0.1, 1])
    registry.histogramFrom("d_seconds", "Latency.", latency, { path: "p" })
    for (const seconds of [0.05, 0.5, 3]) latency.observe(seconds)
    latency.exemplify({ traceId: "0af7651916cd43dd8448eb211c80319c", value: 0.5, at: 1_795_476_031.27 })
    registry.gaugeFrom("gone", "Taken away.", () => 1)()

    const resource = { service: "registry", node: "a", version: "1.2.3" }
    const body = JSON.parse(otlpMetrics(resource, registry.families, { startedAt: 1_000, at: 2_000.5 }))
    const [{ resource: of, scopeMetrics }] = body.resourceMetrics
    assert.deepStrictEqual(
      of.attributes.map(({ key, value }: StringAttribute) => [key, value.stringValue]),
      [
        ["service.name", "registry"],
        ["service.namespace", "roost"],
        ["service.instance.id", "a"],
        ["service.version", "1.2.3"]
      ]
    )
    const times = { startTimeUnixNano: "1000000000", timeUnixNano: "2000500000" }
    const labelled = (key: string, stringValue: string) => ({ attributes: [{ key, value: { stringValue } }] })
    const counted = { aggregationTemporality: 2, isMonotonic: true }
    assert.deepStrictEqual(scopeMetrics[0].metrics, [
      {
        name: "a_total",
        description: "Things.",
        sum: { ...counted, dataPoints: [{ ...labelled("kind", 'x"y'), ...times, asDouble: 2 }] }
      },
      {
        name: "b_bytes_total",
        description: "By kind.",
        unit: "By",
        sum: { ...counted, dataPoints: [{ ...labelled("code", "4.04"), ...times, asDouble: 7 }] }
      },
      {
        name: "c",
        description: "Nothing yet.",
        gauge: { dataPoints: [{ attributes: [], timeUnixNano: times.timeUnixNano, asDouble: "NaN" }] }
      },
      {
        name: "empty",
        description: "Taken away.",
        gauge: { dataPoints: [{ attributes: [], timeUnixNano: times.timeUnixNano, asDouble: 0 }] }
      },
      {
        name: "d_seconds",
        description: "Latency.",
        unit: "s",
        histogram: {
          aggregationTemporality: 2,
          dataPoints: [
            {
              ...labelled("path", "p"),
              ...times,
              count: "3",
              sum: 3.55,
              explicitBounds: [0.1, 1],
              bucketCounts: ["1", "1", "1"],
              exemplars: [
                {
                  traceId: "0af7651916cd43dd8448eb211c80319c",
                  timeUnixNano: "1795476031270000000",
                  asDouble: 0.5
                }
              ]
            }
          ]
        }
      }
    ])
  })

  it.effect("go each interval and once more at the end, with the headers of the receiver", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* receiver()
      const registry = new MetricRegistry()
      const counter = registry.counter("a_total", "Things.")
      const before = exportsCounted()
      const env = {
        ROOST_OTLP_METRICS_SECONDS: "15",
        ROOST_OTLP_ENDPOINT: url,
        ROOST_OTLP_HEADERS: "Authorization=Basic%20cm9vc3Q6czNjcmV0, x-tenant=fleet=1"
      }
      yield* exporting(
        env,
        Effect.gen(function* () {
          yield* TestClock.adjust("14 seconds")
          counter.inc()
          yield* TestClock.adjust("1 second")
          yield* TestClock.withLive(waitUntil(() => exportsCounted()["taken"] === before["taken"]! + 1))
          counter.inc()
        }),
        registry
      )
      assert.deepStrictEqual(
        requests.map((request) => [request.path, sumOf(request, "a_total")]),
        [
          ["/v1/metrics", 1],
          ["/v1/metrics", 2]
        ]
      )
      assert.include(JSON.stringify(requests[0]!.body.resourceMetrics[0].resource), identity.node)
      assert.include(JSON.stringify(requests[0]!.body.resourceMetrics[0].resource), version)
      const { authorization, "content-type": type, "x-tenant": tenant } = requests[0]!.headers
      assert.deepStrictEqual([authorization, tenant, type], ["Basic cm9vc3Q6czNjcmV0", "fleet=1", "application/json"])
    })
  )

  for (const status of [401, 503, 307]) {
    it.effect(`that are answered ${status} are counted, sent nowhere else, and the app ends as ever`, () =>
      Effect.gen(function* () {
        const { requests, url } = yield* receiver(status)
        const before = exportsCounted()
        yield* exporting({ ROOST_OTLP_METRICS_SECONDS: "3600", ROOST_OTLP_ENDPOINT: url }, Effect.void)
        assert.deepStrictEqual(exportsCounted(), { ...before, lost: before["lost"]! + 1 })
        assert.deepStrictEqual(
          requests.map(({ path }) => path),
          ["/v1/metrics"]
        )
      })
    )
  }

  it.effect("of which the receiver left points out count as lost", () =>
    Effect.gen(function* () {
      const { url } = yield* receiver(200, '{"partialSuccess":{"rejectedDataPoints":"7","errorMessage":"old"}}')
      const before = exportsCounted()
      yield* exporting({ ROOST_OTLP_METRICS_SECONDS: "15", ROOST_OTLP_ENDPOINT: url }, Effect.void)
      assert.deepStrictEqual(exportsCounted(), { ...before, lost: before["lost"]! + 1 })
    })
  )

  it.effect("are off by default", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* receiver()
      yield* exporting({ ROOST_OTLP_ENDPOINT: url }, Effect.void)
      assert.deepStrictEqual(requests, [])
    })
  )

  for (const headers of ["Bearer s3cret", "authorization=", "=s3cret", "a=s3cret%0d%0ahost:x", "a=%zz", "a b=s3cret"]) {
    it.effect(`refuse headers that are none, and show nothing of them: ${headers}`, () =>
      Effect.gen(function* () {
        const env = { ROOST_OTLP_METRICS_SECONDS: "15", ROOST_OTLP_HEADERS: headers }
        const exit = yield* Effect.exit(exporting(env, Effect.void))
        assert.isTrue(Exit.isFailure(exit))
        assert.include(String(exit), "expected NAME=value, with commas between them")
        assert.notInclude(String(exit), "s3cret")
      })
    )
  }
})
