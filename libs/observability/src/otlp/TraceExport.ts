import { Setting } from "@roost/contracts"
import { Config, Effect, Layer, Result, Schema } from "effect"
import { metrics } from "../Metrics.ts"
import { type Tracing, tracing } from "../tracing/Tracing.ts"
import { resourceOf } from "./Otlp.ts"
import { OtlpReceiver, otlpUrl, sendOtlp } from "./OtlpReceiver.ts"
import { otlpTraces } from "./Traces.ts"

/** Spans of one request. */
export const spansPerRequestMax = 512
const exportEveryMillis = 1_000
/** An app that ends waits no longer for the receiver. */
const lastExportMillisMax = 2_000

const Share = Schema.Finite.check(
  Schema.isBetween({ minimum: 0, maximum: 1 }, { message: "expected a number from 0 to 1" })
)
const devicesMessage = "expected PRODUCT/DEVICE, with commas between them"
const Devices = Schema.String.check(
  Schema.isPattern(/^[^/,\s]+\/[^/,\s]+(,[^/,\s]+\/[^/,\s]+)*$/, { message: devicesMessage })
)

/** Which requests are traced. */
export const TracingSettings = Setting.all({
  share: Setting.withDefault(
    "ROOST_TRACE_SAMPLING",
    "share of uplinks and API calls that are traced, from 0 (off) to 1",
    (name) => Config.schema(Schema.NumberFromString.pipe(Schema.decodeTo(Share)), name),
    0
  ),
  devices: Setting.optional(
    "ROOST_TRACE_DEVICES",
    "devices of which every request is traced: PRODUCT/DEVICE,PRODUCT/DEVICE",
    (name) => Config.schema(Devices, name)
  )
})

/**
 * Sends the spans of the process `service` by OTLP/HTTP, once a second and at the end. A request that fails is not repeated: its spans are
 * counted as lost, and nothing waits for it.
 */
export const layerTraceExport = (service: string): Layer.Layer<never, Config.ConfigError> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const { devices, share } = yield* TracingSettings
      const receiver = yield* OtlpReceiver
      yield* Effect.acquireRelease(
        Effect.sync(() =>
          metrics.counterFrom(
            "roost_trace_spans_dropped_total",
            "Spans dropped since too many waited.",
            () => tracing.dropped
          )
        ),
        (release) => Effect.sync(release)
      )
      yield* Effect.acquireRelease(
        Effect.sync(() => tracing.configure({ share, devices: new Set(devices?.split(",")) })),
        () => Effect.sync(() => tracing.configure({ share: 0, devices: new Set() }))
      )
      if (!tracing.active) return
      const send = exportOnce(tracing, service, receiver)
      yield* Effect.addFinalizer(() => Effect.timeoutOption(send, lastExportMillisMax))
      yield* Effect.logInfo(
        `traces: ${share * 100} % of requests${devices === undefined ? "" : `, all of ${devices}`}, to ${otlpUrl(receiver, path)}`
      )
      yield* send.pipe(Effect.andThen(Effect.sleep(exportEveryMillis)), Effect.forever, Effect.forkScoped)
    })
  )

/** Sends all that waits. */
const exportOnce = (from: Tracing, service: string, to: OtlpReceiver): Effect.Effect<void> =>
  Effect.gen(function* () {
    while (from.waiting > 0) {
      const spans = from.take(spansPerRequestMax)
      const sent = yield* Effect.result(sendOtlp(to, path, otlpTraces(resourceOf(service), spans)))
      const { count, message } = Result.match(sent, {
        onSuccess: (leftOut) => ({ count: Math.min(leftOut?.count ?? 0, spans.length), message: leftOut?.message }),
        onFailure: ({ reason }) => ({ count: spans.length, message: reason })
      })
      exported.inc(spans.length - count)
      if (count === 0) continue
      lost.inc(count)
      yield* Effect.logWarning(
        `${count} of ${spans.length} spans are lost, ${otlpUrl(to, path)} did not take them: ${message}`
      )
    }
  })

const path = "/v1/traces"
const exported = metrics.counter("roost_trace_spans_exported_total", "Spans that the receiver of traces took.")
const lost = metrics.counter("roost_trace_spans_lost_total", "Spans that the receiver of traces did not take.")
