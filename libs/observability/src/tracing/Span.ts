import type { TraceContext } from "@roost/contracts"

/** OpenTelemetry's word for the part of a span in its conversation. */
export type SpanKind = "internal" | "server" | "client" | "producer" | "consumer"

/** A piece of work that is over, as a plain record. Times in milliseconds since 1970. */
export interface Span {
  readonly context: TraceContext
  /** Span that caused it; undefined or empty for the first one of a trace. */
  readonly parentId: string | undefined
  readonly name: string
  readonly kind: SpanKind
  readonly startedAt: number
  readonly endedAt: number
  readonly attributes: Readonly<Record<string, string | number>>
  /** Why it failed, where it did. */
  readonly error?: string | undefined
}
