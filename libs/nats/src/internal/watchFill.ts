import type { StreamInfo } from "@nats-io/jetstream"
import { metrics } from "@roost/observability"
import { Effect } from "effect"
import type { TellOperator } from "./tellOperator.ts"

/** Of its size, from which on a stream is nearly full, and below which it is not any more. */
const nearlyFullPercent = 80
const roomAgainPercent = 75

/** Gauges of what each stream holds and may hold, a warning and an event before it is full. */
export const watchFill = Effect.fnUntraced(function* (tellOperator: TellOperator) {
  const nearlyFull = new Set<string>()
  const gauges = new Map<string, { used: number; limit: number }>()
  const release: Array<() => void> = []
  yield* Effect.addFinalizer(() => Effect.sync(() => release.forEach((remove) => remove())))
  const measure = (name: string, used: number, limit: number) => {
    const known = gauges.get(name)
    if (known !== undefined) return void Object.assign(known, { used, limit })
    const gauge = { used, limit }
    gauges.set(name, gauge)
    release.push(
      metrics.gaugeFrom("roost_stream_bytes", "Bytes that a stream or bucket holds.", () => gauge.used, {
        stream: name
      }),
      metrics.gaugeFrom(
        "roost_stream_bytes_max",
        "Bytes that a stream or bucket may hold; -1: no limit.",
        () => gauge.limit,
        {
          stream: name
        }
      )
    )
  }
  return (found: ReadonlyMap<string, StreamInfo>) =>
    Effect.forEach(
      found.values(),
      ({ config, state }) => {
        measure(config.name, state.bytes, config.max_bytes)
        const percent = config.max_bytes > 0 ? (100 * state.bytes) / config.max_bytes : 0
        const about = { stream: config.name, bytes: state.bytes, bytesMax: config.max_bytes }
        if (percent < roomAgainPercent && nearlyFull.delete(config.name)) {
          const reason = `stream ${config.name} has room again: ${Math.floor(percent)} % are used`
          return Effect.andThen(Effect.logInfo(reason), tellOperator({ kind: "stream-has-room", reason, ...about }))
        }
        if (percent < nearlyFullPercent || nearlyFull.has(config.name)) return Effect.void
        nearlyFull.add(config.name)
        const reason = nearlyFullText(config, state.bytes, percent)
        return Effect.andThen(Effect.logWarning(reason), tellOperator({ kind: "stream-nearly-full", reason, ...about }))
      },
      { discard: true }
    )
})

const nearlyFullText = ({ discard, max_bytes, name }: StreamInfo["config"], bytes: number, percent: number): string => {
  const then = discard === "new" ? "full, it refuses what is new" : "full, it drops its oldest, read or not"
  const variable = `ROOST_STREAM_${name.replace(/^KV_/, "")}_MAX_BYTES`
  return `stream ${name} holds ${bytes} of ${max_bytes} bytes, ${Math.floor(percent)} %: ${then}. More by ${variable} or a larger disk`
}
