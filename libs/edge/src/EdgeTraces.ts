import { type FrameTrace, secondsSince } from "@roost/contracts"
import type { Histogram, Tracing } from "@roost/observability"

/** The spans of what an edge saw of traced requests: each from its datagram to its answer, and the answer's way out. `uplinks` gets an exemplar. */
export const recordAnswered = (
  tracing: Tracing,
  now: number,
  wallOf: (now: number) => number,
  traces: ReadonlyArray<FrameTrace>,
  uplinks: Histogram
): void => {
  const endedAt = wallOf(now)
  for (const { name, parentId, span, stamp } of traces) {
    const seconds = stamp === 0 ? undefined : secondsSince(now, stamp)
    const startedAt = endedAt - (seconds ?? 0) * 1e3
    if (name === "uplink" && seconds !== undefined)
      uplinks.exemplify({ traceId: span.traceId, value: seconds, at: endedAt / 1e3 })
    tracing.record({ context: span, parentId, name, kind: "server", startedAt, endedAt, attributes: {} })
    tracing.record({
      context: tracing.child(span),
      parentId: span.spanId,
      name: "send the answer",
      kind: "client",
      startedAt: endedAt,
      endedAt,
      attributes: {}
    })
  }
}
