import type { StreamInfo } from "@nats-io/jetstream"
import { Buckets, Streams } from "@roost/contracts"
import { Health, metrics } from "@roost/observability"
import { Effect, Layer } from "effect"
import { askServers } from "./askServers.ts"
import { type Definitions, makePass } from "./EnsureStreams.ts"
import { adminConnection, NatsConnection } from "./NatsConnection.ts"

/** How often the streams are looked at: one that is gone is there again within ten seconds. */
const lookMillis = 4_000
/** The same complaint is logged again after this long. */
const complainMillis = 60_000
/** Of its size, from which on a stream is nearly full, and below which it is not any more. */
const nearlyFullPercent = 80
const roomAgainPercent = 75

/** Every stream and bucket of Roost. */
export const allStreams: Definitions = { streams: Object.values(Streams), buckets: Object.values(Buckets) }

/**
 * The one that makes streams and buckets, under a credential of its own (`ROOST_NATS_ADMIN_USER` and so on) or else the process's:
 * those that are missing at the start, and later those that vanished, by a replaced disk or a restored backup. It leaves alone what an
 * operator changed, and says which streams are nearly full.
 */
export const StreamKeeper = {
  layer: Layer.effectDiscard(
    Effect.gen(function* () {
      const connection = yield* adminConnection
      const pass = yield* makePass(allStreams)
      const health = yield* Health
      let failure: string | undefined = "the streams have not been looked at yet"
      yield* health.register("stream-keeper", () => failure)
      const fill = yield* watchFill
      const complaint = { text: "", at: -Infinity }
      const complain = (text: string) => {
        failure = text
        const now = performance.now()
        if (text === complaint.text && now - complaint.at < complainMillis) return Effect.void
        Object.assign(complaint, { text, at: now })
        return Effect.logError(text)
      }
      const look = pass.pipe(
        Effect.tap((found) => {
          failure = undefined
          return fill(found)
        }),
        Effect.catch((error) => complain(`the streams can't be looked after: ${error.message}${cureOf(error.reason)}`))
      )
      yield* look.pipe(
        // The bucket that the answers go to is there by now, or soon.
        Effect.andThen(Effect.forkScoped(askServers)),
        Effect.andThen(Effect.forever(Effect.andThen(Effect.sleep(lookMillis), look))),
        Effect.provideService(NatsConnection, connection),
        Effect.forkScoped
      )
    })
  )
}

const cureOf = (reason: string): string =>
  reason === "NoResponders"
    ? "; JetStream is off: a full disk switches it off, and the log of nats-server names the disk; it goes on when there is room"
    : ""

/** Gauges of what each stream holds and may hold, and a warning before it is full. */
const watchFill = Effect.gen(function* () {
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
        if (percent < roomAgainPercent && nearlyFull.delete(config.name)) {
          return Effect.logInfo(`stream ${config.name} has room again: ${Math.floor(percent)} % are used`)
        }
        if (percent < nearlyFullPercent || nearlyFull.has(config.name)) return Effect.void
        nearlyFull.add(config.name)
        return Effect.logWarning(nearlyFullText(config, state.bytes, percent))
      },
      { discard: true }
    )
})

const nearlyFullText = ({ discard, max_bytes, name }: StreamInfo["config"], bytes: number, percent: number): string => {
  const then = discard === "new" ? "full, it refuses what is new" : "full, it drops its oldest, read or not"
  const variable = `ROOST_STREAM_${name.replace(/^KV_/, "")}_MAX_BYTES`
  return `stream ${name} holds ${bytes} of ${max_bytes} bytes, ${Math.floor(percent)} %: ${then}. More by ${variable} or a larger disk`
}
