import type { Span, SpanKind } from "./Span.ts"

/** The process that the spans are of. */
export interface Resource {
  readonly service: string
  readonly node: string
  readonly version: string
}

/** The body of an ExportTraceServiceRequest in OTLP's JSON: ids in hexadecimal, 64-bit numbers as text, enums as numbers. */
export const otlpTraces = ({ node, service, version }: Resource, spans: ReadonlyArray<Span>): string =>
  JSON.stringify({
    resourceSpans: [
      {
        resource: {
          attributes: attributesOf({
            "service.name": service,
            "service.namespace": "roost",
            "service.instance.id": node,
            "service.version": version
          })
        },
        scopeSpans: [{ scope: { name: "roost", version }, spans: spans.map(spanOf) }]
      }
    ]
  })

const spanOf = ({ attributes, context, endedAt, error, kind, name, parentId, startedAt }: Span) => ({
  traceId: context.traceId,
  spanId: context.spanId,
  ...(parentId !== undefined && parentId !== "" && { parentSpanId: parentId }),
  name,
  kind: kinds[kind],
  startTimeUnixNano: nanosOf(startedAt),
  endTimeUnixNano: nanosOf(Math.max(startedAt, endedAt)),
  attributes: attributesOf(attributes),
  status: error === undefined ? {} : { code: statusError, message: error.slice(0, messageLengthMax) }
})

const attributesOf = (attributes: Readonly<Record<string, string | number>>) =>
  Object.entries(attributes).map(([key, value]) => ({
    key,
    value:
      typeof value === "string"
        ? { stringValue: value.slice(0, valueLengthMax) }
        : Number.isInteger(value)
          ? { intValue: String(value) }
          : { doubleValue: value }
  }))

/** More than a number holds exactly. */
const nanosOf = (millis: number): string => {
  const whole = Math.floor(millis)
  return String(BigInt(whole) * 1_000_000n + BigInt(Math.round((millis - whole) * 1e6)))
}

const kinds: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 }
const statusError = 2
const valueLengthMax = 256
const messageLengthMax = 256
