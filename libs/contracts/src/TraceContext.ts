/** A span of a trace that is sampled, by the ids of W3C Trace Context. A trace that is not sampled has none. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits. */
  readonly spanId: string
}

/** The header of messages and of HTTP requests that names the span which caused them. */
export const traceparentHeader = "traceparent"

/** Version 00, and the flag that says that the trace is sampled. */
export const formatTraceparent = ({ spanId, traceId }: TraceContext): string => `00-${traceId}-${spanId}-01`

/** Undefined for what is no traceparent, and for a trace that is not sampled. */
export const readTraceparent = (text: string | undefined): TraceContext | undefined => {
  const [, traceId, spanId, flags] = traceparent.exec(text ?? "") ?? []
  if (traceId === undefined || spanId === undefined || (parseInt(flags!, 16) & sampledFlag) === 0) return undefined
  return nothing.test(traceId) || nothing.test(spanId) ? undefined : { traceId, spanId }
}

/** A version to come may have more behind the flags. */
const traceparent = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/
const nothing = /^0+$/
const sampledFlag = 1
