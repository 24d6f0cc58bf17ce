import { Setting } from "@roost/contracts"
import { type Config, Effect, Layer } from "effect"
import { type MetricRegistry, metrics } from "../Metrics.ts"
import { otlpMetrics } from "./Metrics.ts"
import { resourceOf } from "./Otlp.ts"
import { NotTaken, OtlpReceiver, otlpUrl, sendOtlp } from "./OtlpReceiver.ts"

/** An app that ends waits no longer for the receiver. */
const lastExportMillisMax = 2_000

/** How often metrics are sent, in seconds. */
export const MetricExportSeconds = Setting.withDefault(
  "ROOST_OTLP_METRICS_SECONDS",
  "every so many seconds metrics are sent too, from 1 to 3600; 0: never, they are read at /metrics",
  Setting.wholeNumber(0, 3_600),
  0
)

/**
 * Sends the metrics of the process `service` by OTLP/HTTP, and once more when it ends. A request that fails is counted and not repeated:
 * the next one has all that it had.
 */
export const layerMetricExport = (
  service: string,
  registry: MetricRegistry = metrics
): Layer.Layer<never, Config.ConfigError> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const seconds = yield* MetricExportSeconds
      if (seconds === 0) return
      const receiver = yield* OtlpReceiver
      const send = exportOnce(registry, service, receiver)
      yield* Effect.addFinalizer(() => Effect.timeoutOption(send, lastExportMillisMax))
      yield* Effect.logInfo(`metrics: every ${seconds} s to ${otlpUrl(receiver, path)}`)
      yield* Effect.sleep(`${seconds} seconds`).pipe(Effect.andThen(send), Effect.forever, Effect.forkScoped)
    })
  )

const exportOnce = (registry: MetricRegistry, service: string, to: OtlpReceiver): Effect.Effect<void> =>
  Effect.suspend(() => {
    const reading = { startedAt: performance.timeOrigin, at: Date.now() }
    return sendOtlp(to, path, otlpMetrics(resourceOf(service), registry.families, reading))
  }).pipe(
    Effect.flatMap((leftOut) =>
      leftOut === undefined
        ? Effect.sync(() => taken.inc())
        : Effect.fail(new NotTaken({ reason: `${leftOut.count} points: ${leftOut.message}` }))
    ),
    Effect.catch(({ reason }) =>
      Effect.andThen(
        Effect.sync(() => lost.inc()),
        Effect.logWarning(`metrics: ${otlpUrl(to, path)} did not take all of them: ${reason}`)
      )
    )
  )

const path = "/v1/metrics"
const help = "Exports of metrics by OTLP, by whether the receiver took them."
const taken = metrics.counter("roost_metrics_exports_total", help, { outcome: "taken" })
const lost = metrics.counter("roost_metrics_exports_total", help, { outcome: "lost" })
