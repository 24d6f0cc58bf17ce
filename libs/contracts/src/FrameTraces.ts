import type { TraceContext } from "./TraceContext.ts"

/**
 * Header of a frame's message to an edge: the traced requests that it answers. A session-actors node decides what is traced, once it
 * knows the device, and the edge adds the spans of what it saw of the request. An older edge does not read it.
 */
export const frameTracesHeader = "Roost-Traces"

/** Traced requests that one frame names at most; of more an edge adds no span. */
export const frameTracesMax = 64

/** A traced request, as its edge is told of it. */
export interface FrameTrace {
  /** `frameStamp` of the request, or 0. */
  readonly stamp: number
  /** The edge's own span, of which the node has made spans already. */
  readonly span: TraceContext
  /** Of the span that caused it, in another service; empty where the trace begins with it. */
  readonly parentId: string
  /** The request: `uplink`, `fetch` or `reply`. */
  readonly name: string
}

export const formatFrameTrace = ({ name, parentId, span, stamp }: FrameTrace): string =>
  `${stamp}:${span.traceId}:${span.spanId}:${parentId}:${name}`

/** Those that can't be read are left out. */
export const readFrameTraces = (text: string | undefined): ReadonlyArray<FrameTrace> =>
  (text ?? "").split(",", frameTracesMax).flatMap((part) => {
    const [, stamp, traceId, spanId, parentId, name] = shape.exec(part) ?? []
    if (stamp === undefined) return []
    return [{ stamp: Number(stamp), span: { traceId: traceId!, spanId: spanId! }, parentId: parentId!, name: name! }]
  })

const shape = /^(\d{1,5}):([0-9a-f]{32}):([0-9a-f]{16}):([0-9a-f]{16}|):([a-z]{1,16})$/
