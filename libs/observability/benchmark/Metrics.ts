import { Effect, Metric } from "effect"
import { Bench } from "tinybench"
import { MetricRegistry } from "../src/index.ts"

// The cost of one update on the datagram path: our counter, and Effect's in the cheapest form it has.
const counter = new MetricRegistry().counter("a_total", "A.")
const latency = new MetricRegistry().histogram("b_seconds", "B.")
const effectMetric = Metric.counter("c_total", { incremental: true })
const update = Metric.update(effectMetric, 1)

const bench = new Bench({ time: 300 })
bench.add("Counter.inc", () => counter.inc())
bench.add("Histogram.observe", () => latency.observe(0.004))
bench.add("effect Metric.update, runSync", () => Effect.runSync(update))
await bench.run()
for (const { name, result } of bench.tasks) {
  if (result.state !== "completed") throw new Error(`${name}: ${result.state}`)
  console.log(`${(result.latency.p50 * 1_000_000).toFixed(0)} ns  ${name}`)
}
