import type { Span, SpanKind } from "../tracing/Span.ts"
import { attributesJson, nanosJson, type Resource, resourceJson, scopeJson } from "./Otlp.ts"

/** The body of an ExportTraceServiceRequest. */
export const otlpTraces = (resource: Resource, spans: ReadonlyArray<Span>): string =>
  JSON.stringify({
    resourceSpans: [
      {
        resource: resourceJson(resource),
        scopeSpans: [{ scope: scopeJson(resource), spans: spans.map(spanJson) }]
      }
    ]
  })

const spanJson = ({ attributes, context, endedAt, error, kind, name, parentId, startedAt }: Span) => ({
  traceId: context.traceId,
  spanId: context.spanId,
  ...(parentId !== undefined && parentId !== "" && { parentSpanId: parentId }),
  name,
  kind: kinds[kind],
  startTimeUnixNano: nanosJson(startedAt),
  endTimeUnixNano: nanosJson(Math.max(startedAt, endedAt)),
  attributes: attributesJson(attributes),
  status: error === undefined ? {} : { code: statusError, message: error.slice(0, messageLengthMax) }
})

const kinds: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 }
const statusError = 2
const messageLengthMax = 256
