import { metrics } from "@roost/observability"
import { Effect } from "effect"

/** The same stream's refusals are logged again after so long, with their number. */
const tellMillis = 10_000

/** Says which stream refuses messages, and for which reason: without it only the devices would hear that the store is full. */
export const watchRefusals = Effect.gen(function* () {
  const log = Effect.runForkWith(yield* Effect.context<never>())
  const streams = new Map<string, { readonly counter: { inc: () => void }; count: number; toldAt: number }>()
  return {
    /** `ack`: `{"error":{"description":"…"},"stream":"UPLINK","seq":0}`. */
    note: (ack: Uint8Array): void => {
      const { description, stream } = reasonOf(ack)
      let known = streams.get(stream)
      if (known === undefined) {
        const counter = metrics.counter(
          "roost_nats_stream_refused_by_total",
          "Messages that a stream refused, because it or its disk is full, for the most part.",
          { stream }
        )
        streams.set(stream, (known = { counter, count: 0, toldAt: -Infinity }))
      }
      known.counter.inc()
      known.count++
      const now = performance.now()
      if (now - known.toldAt < tellMillis) return
      log(Effect.logError(`stream ${stream} refused ${known.count} messages: ${description}`))
      known.toldAt = now
      known.count = 0
    }
  }
})

const reasonOf = (ack: Uint8Array): { readonly stream: string; readonly description: string } => {
  try {
    const { error, stream } = JSON.parse(Buffer.from(ack).toString("utf8"))
    return { stream: String(stream ?? "?"), description: String(error?.description ?? "without a reason") }
  } catch {
    return { stream: "?", description: "its answer can't be read" }
  }
}
