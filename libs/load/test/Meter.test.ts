import { assert, describe, it } from "vitest"
import { distributionOf, latencyOf, Meter, recordLatency } from "../src/Meter.ts"

describe("Meter", () => {
  it("has percentiles within 0.1 % of the exact ones", () => {
    const meter = new Meter()
    for (let i = 1; i <= 100_000; i++) recordLatency(meter.latency, i / 100)
    const latency = latencyOf(meter.latency)
    assert.strictEqual(latency.count, 100_000)
    for (const [measured, exact] of [
      [latency.p50, 500],
      [latency.p90, 900],
      [latency.p99, 990],
      [latency.p999, 999],
      [latency.max, 1000],
      [latency.mean, 500]
    ] as const) {
      assert.closeTo(measured!, exact, exact / 1000)
    }
  })

  it("adds up what several processes measured as if one had", () => {
    const parts = [new Meter(), new Meter(), new Meter()]
    const whole = new Meter()
    for (let i = 0; i < 3_000; i++) {
      const part = parts[i % 3]!
      for (const meter of [part, whole]) {
        recordLatency(meter.latency, (i * i) % 977)
        meter.counters.requests++
        if (i % 7 === 0) meter.errors.timeout++
      }
    }
    const sum = new Meter()
    for (const part of parts) sum.add(part.take())
    assert.deepStrictEqual(sum.counts, whole.counts)
    const { max, ...rest } = latencyOf(sum.latency)
    const { max: exactMax, ...exact } = latencyOf(whole.latency)
    assert.deepStrictEqual(rest, exact)
    // On its way between processes a maximum is rounded as the histogram rounds.
    assert.closeTo(max!, exactMax!, exactMax! / 1000)
    assert.deepStrictEqual(sum.counts.errorsByKind, { timeout: 429 })
    assert.strictEqual(parts[0]!.counts.requests, 0, "taking empties")
  })

  it("spreads all that it measured over the distribution's steps", () => {
    const meter = new Meter()
    for (const millis of [0, 0.5, 0.5, 20, 20, 20, 90_000]) recordLatency(meter.latency, millis)
    const steps = distributionOf(meter.latency)
    assert.strictEqual(
      steps.reduce((sum, { count }) => sum + count, 0),
      7
    )
    const of = (millis: number) => steps.find(({ upToMillis }) => upToMillis >= millis)!
    assert.strictEqual(of(0.5).count, 2)
    assert.strictEqual(of(20).count, 3)
    assert.isBelow(of(20).upToMillis, 20 * 1.13)
  })

  it("measured nothing: no percentiles rather than zeros", () => {
    assert.isNull(latencyOf(new Meter().latency).p99)
    assert.deepStrictEqual(distributionOf(new Meter().latency), [])
  })
})
