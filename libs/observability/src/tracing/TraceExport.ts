import { Setting } from "@roost/contracts"
import { Config, Effect, Layer, Schema } from "effect"
import { identity } from "../Identity.ts"
import { metrics } from "../Metrics.ts"
import { version } from "../ProcessMetrics.ts"
import { otlpTraces } from "./OtlpJson.ts"
import { type Tracing, tracing } from "./Tracing.ts"

/** Spans of one request. */
export const spansPerRequestMax = 512
const exportEveryMillis = 1_000
const exportMillisMax = 5_000
/** An app that ends waits no longer for the receiver. */
const lastExportMillisMax = 2_000

const Share = Schema.Finite.check(
  Schema.isBetween({ minimum: 0, maximum: 1 }, { message: "expected a number from 0 to 1" })
)
const devicesMessage = "expected PRODUCT/DEVICE, with commas between them"
const Devices = Schema.String.check(
  Schema.isPattern(/^[^/,\s]+\/[^/,\s]+(,[^/,\s]+\/[^/,\s]+)*$/, { message: devicesMessage })
)
const address = "expected an address that begins with http:// or https://, without a login"
const Endpoint = Schema.String.check(Schema.isPattern(/^https?:\/\/[^\s?#@]+$/, { message: address }))

/** Which requests are traced, and where spans go. */
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
  ),
  endpoint: Setting.withDefault(
    "ROOST_OTLP_ENDPOINT",
    "where spans go, by OTLP as JSON; /v1/traces is added",
    (name) => Config.schema(Endpoint, name),
    "http://127.0.0.1:4318"
  )
})

/**
 * Sends the spans of the process `service` by OTLP/HTTP, once a second and at the end. A request that fails is not repeated: its spans are
 * counted as lost, and nothing waits for it.
 */
export const layerTraceExport = (service: string): Layer.Layer<never, Config.ConfigError> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const { devices, endpoint, share } = yield* TracingSettings
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
      const url = `${endpoint.replace(/\/+$/, "")}/v1/traces`
      const send = exportOnce(tracing, service, url)
      yield* Effect.addFinalizer(() => Effect.timeoutOption(send, lastExportMillisMax))
      yield* Effect.logInfo(
        `traces: ${share * 100} % of requests${devices === undefined ? "" : `, all of ${devices}`}, to ${url}`
      )
      yield* send.pipe(Effect.andThen(Effect.sleep(exportEveryMillis)), Effect.forever, Effect.forkScoped)
    })
  )

/** Sends all that waits. */
const exportOnce = (from: Tracing, service: string, url: string): Effect.Effect<void> =>
  Effect.gen(function* () {
    while (from.waiting > 0) {
      const spans = from.take(spansPerRequestMax)
      const body = otlpTraces({ service, node: identity.node, version }, spans)
      const sent = yield* Effect.tryPromise(() => post(url, body)).pipe(
        Effect.catch((error) => {
          const { cause } = error
          const why =
            cause instanceof Error
              ? `${cause.message}${cause.cause === undefined ? "" : `: ${String(cause.cause)}`}`
              : String(cause)
          return Effect.as(Effect.logWarning(`${spans.length} spans are lost, ${url} did not take them: ${why}`), false)
        })
      )
      if (sent) exported.inc(spans.length)
      else lost.inc(spans.length)
    }
  })

const post = async (url: string, body: string): Promise<true> => {
  const signal = AbortSignal.timeout(exportMillisMax)
  const response = await fetch(url, { method: "POST", body, signal, headers: { "content-type": "application/json" } })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`it answered ${response.status}`)
  return true
}

const exported = metrics.counter("roost_trace_spans_exported_total", "Spans that the receiver of traces took.")
const lost = metrics.counter("roost_trace_spans_lost_total", "Spans that the receiver of traces did not take.")
