import { metrics } from "@roost/observability"
import { Effect, type Scope } from "effect"
import type { NatsConnection } from "./NatsConnection.ts"
import { inFlightMaxDefault, makeStreamPublisher, type Settled, type StreamPublisher } from "./StreamPublisher.ts"

/** One attempt's wait for its ack: a leader that died says nothing. */
const attemptMillisMax = 2_000
const retryMillis = 250

export interface PatientPublisherOptions {
  /** Once for every message that `publish` took. Must not throw. */
  readonly onSettled: (token: number, settled: Settled) => void
  readonly inFlightMax?: number
  /** How long a message is tried: a cluster that lost a server chooses another leader within seconds. */
  readonly storeMillisMax: number
}

interface Waiting {
  readonly subject: string
  readonly headers: string
  readonly payload: Uint8Array
  readonly until: number
}

/**
 * A `StreamPublisher` that goes on trying while a server restarts or a stream has no leader, so that whoever waits for the ack
 * waits a little longer and hears of no failure. Every message needs a `Nats-Msg-Id` of its own: the stream keeps one of
 * all attempts. Tokens are unique among the messages that wait.
 */
export const makePatientPublisher = Effect.fnUntraced(function* (
  options: PatientPublisherOptions
): Effect.fn.Return<StreamPublisher, never, NatsConnection | Scope.Scope> {
  const inFlightMax = options.inFlightMax ?? inFlightMaxDefault
  const waiting = new Map<number, Waiting>()
  let failed: Array<readonly [token: number, settled: Settled]> = []
  let closed = false

  const settle = (token: number, settled: Settled) => {
    waiting.delete(token)
    options.onSettled(token, settled)
  }
  const publisher = yield* makeStreamPublisher({
    inFlightMax,
    ackTimeoutMillis: Math.min(attemptMillisMax, options.storeMillisMax),
    onSettled: (token, settled) => {
      if (closed || settled._tag === "Stored" || !passing.has(settled.reason)) settle(token, settled)
      else failed.push([token, settled])
    }
  })
  const tryAgain = () => {
    if (failed.length === 0) return
    const now = performance.now()
    const tokens = failed
    failed = []
    for (const [token, settled] of tokens) {
      const message = waiting.get(token)!
      if (now >= message.until) settle(token, settled)
      else if (publisher.publish(message.subject, message.headers, message.payload, token)) repeated.inc()
      else failed.push([token, settled])
    }
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => setInterval(tryAgain, retryMillis)),
    (timer) =>
      Effect.sync(() => {
        clearInterval(timer)
        closed = true
        for (const [token, settled] of failed) settle(token, settled)
      })
  )
  return {
    publish: (subject, headers, payload, token) => {
      if (waiting.size >= inFlightMax) return false
      waiting.set(token, { subject, headers, payload, until: performance.now() + options.storeMillisMax })
      if (!publisher.publish(subject, headers, payload, token)) failed.push([token, disconnected])
      return true
    },
    inFlight: () => waiting.size
  }
})

/** What may be otherwise in a moment. */
const passing: ReadonlySet<string> = new Set(["timeout", "disconnected", "noResponders"])
const disconnected: Settled = { _tag: "Failed", reason: "disconnected" }
const repeated = metrics.counter(
  "roost_nats_stream_repeated_total",
  "Messages published again because their ack did not come."
)
