import { assert, describe, it } from "@effect/vitest"
import { Histogram, MetricRegistry } from "../src/index.ts"

describe("metrics", () => {
  it("render in the text format of Prometheus 0.0.4", () => {
    const registry = new MetricRegistry()
    registry.counter("a_total", "Things.", { kind: 'x"\\\n' }).inc(2)
    registry.gauge("b", "Back\\slash.").set(-1.5)
    const latency = registry.histogram("c_seconds", "Latency.", [0.1, 1], { path: "p" })
    for (const seconds of [0.05, 0.1, 0.5, 3]) latency.observe(seconds)
    assert.strictEqual(
      registry.render(),
      `# HELP a_total Things.
# TYPE a_total counter
a_total{kind="x\\"\\\\\\n"} 2
# HELP b Back\\\\slash.
# TYPE b gauge
b -1.5
# HELP c_seconds Latency.
# TYPE c_seconds histogram
c_seconds_bucket{path="p",le="0.1"} 2
c_seconds_bucket{path="p",le="1"} 3
c_seconds_bucket{path="p",le="+Inf"} 4
c_seconds_sum{path="p"} 3.65
c_seconds_count{path="p"} 4
`
    )
  })

  it("render as OpenMetrics 1.0: counters' families without _total, exemplars, an end", () => {
    const registry = new MetricRegistry()
    registry.counter("a_total", 'Things, "quoted".', { kind: "x" }).inc(2)
    const latency = new Histogram([0.1, 1])
    registry.histogramFrom("c_seconds", "Latency.", latency)
    latency.observe(0.5)
    latency.exemplify({ traceId: "0af7651916cd43dd8448eb211c80319c", value: 0.5, at: 1_795_476_031.27 })
    assert.strictEqual(
      registry.renderOpenMetrics(),
      `# TYPE a counter
# HELP a Things, \\"quoted\\".
a_total{kind="x"} 2
# TYPE c_seconds histogram
# HELP c_seconds Latency.
c_seconds_bucket{le="0.1"} 0
c_seconds_bucket{le="1"} 1 # {trace_id="0af7651916cd43dd8448eb211c80319c"} 0.5 1795476031.27
c_seconds_bucket{le="+Inf"} 1
c_seconds_sum 0.5
c_seconds_count 1
# EOF
`
    )
    assert.notInclude(registry.render(), "trace_id")
  })

  it("are the same object when they are registered again", () => {
    const registry = new MetricRegistry()
    registry.counter("a_total", "Things.", { kind: "x" }).inc()
    registry.counter("a_total", "Things.", { kind: "x" }).inc()
    registry.counter("a_total", "Things.", { kind: "y" }).inc()
    assert.include(registry.render(), `a_total{kind="x"} 2\na_total{kind="y"} 1\n`)
  })

  it("refuse a name with another type, and a name that Prometheus can't read", () => {
    const registry = new MetricRegistry()
    registry.counter("a_total", "Things.")
    assert.throws(() => registry.gauge("a_total", "Things."), /registered as a counter/)
    assert.throws(() => registry.counter("a-b", "Things."), /not a metric name/)
  })

  it("read a function at scrape time until it is taken away; a newer reader stays", () => {
    const registry = new MetricRegistry()
    let value = 1
    const first = registry.gaugeFrom("g", "Read.", () => value)
    value = 2
    assert.include(registry.render(), "g 2\n")
    const second = registry.gaugeFrom("g", "Read.", () => 7)
    first()
    assert.include(registry.render(), "g 7\n")
    second()
    assert.notInclude(registry.render(), "g ")
  })
})
