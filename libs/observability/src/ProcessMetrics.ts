import manifest from "../package.json" with { type: "json" }
import { Effect, Layer } from "effect"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { type MetricRegistry, metrics } from "./Metrics.ts"

/** Of Roost. */
export const version = manifest.version

/** CPU, memory and event loop of this process, under the names that Prometheus' own clients use. */
export const layerProcessMetrics = (registry: MetricRegistry = metrics): Layer.Layer<never> =>
  Layer.effectDiscard(
    Effect.acquireRelease(
      Effect.sync(() => register(registry)),
      (release) => Effect.sync(release)
    )
  )

const register = (registry: MetricRegistry): (() => void) => {
  // Every turn is measured, and none is made for it: sampling every 100 ms was a third of an idle process's wake-ups.
  const delay = monitorEventLoopDelay({ samplePerIteration: true })
  delay.enable()
  const startedAt = Date.now() / 1000 - process.uptime()
  const cpuSeconds = () => {
    const usage = process.cpuUsage()
    return (usage.user + usage.system) / 1e6
  }
  // A percentile of nothing is NaN.
  const seconds = (nanoseconds: number) => (Number.isFinite(nanoseconds) ? nanoseconds / 1e9 : 0)
  const lagHelp =
    "Time that a turn of the event loop took, which delays what comes meanwhile; percentile since the last scrape."
  const releases = [
    registry.gaugeFrom(
      "roost_clocks_apart_seconds",
      "By how much the wall clock was set forward (or back, negative) since this process began: its clocks are apart by so much.",
      () => (Date.now() - performance.timeOrigin - performance.now()) / 1e3
    ),
    registry.counterFrom("process_cpu_seconds_total", "User and system CPU time.", cpuSeconds),
    registry.gaugeFrom("roost_build_info", "1, with what runs.", () => 1, { version, node: process.version }),
    registry.gaugeFrom("process_resident_memory_bytes", "Resident memory.", () => process.memoryUsage.rss()),
    registry.gaugeFrom("process_start_time_seconds", "Start, in seconds since 1970.", () => startedAt),
    registry.gaugeFrom("nodejs_heap_size_used_bytes", "JavaScript heap in use.", () => process.memoryUsage().heapUsed),
    registry.gaugeFrom("nodejs_eventloop_lag_p50_seconds", lagHelp, () => seconds(delay.percentile(50))),
    registry.gaugeFrom(
      "nodejs_eventloop_lag_max_seconds",
      "The longest turn of the event loop since the last scrape.",
      () => seconds(delay.max)
    ),
    // The last one that is read: it begins anew.
    registry.gaugeFrom("nodejs_eventloop_lag_p99_seconds", lagHelp, () => {
      const p99 = seconds(delay.percentile(99))
      delay.reset()
      return p99
    })
  ]
  return () => {
    delay.disable()
    for (const release of releases) release()
  }
}
