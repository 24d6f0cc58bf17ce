import { metrics } from "@roost/observability"
import { Effect, type Scope } from "effect"
import type { NatsConnection } from "./NatsConnection.ts"
import { inFlightMaxDefault, makeStreamPublisher, type Settled, type StreamPublisher } from "./StreamPublisher.ts"

/** One attempt's wait for its ack: a leader that died says nothing. */
export const attemptMillisMax = 2_000
/** From an attempt that failed to the next one. */
export const attemptRetryMillis = 250

export interface PatientPublisherOptions {
  /** Once for every message that `publish` took. Must not throw. */
  readonly onSettled: (token: number, settled: Settled) => void
  readonly inFlightMax?: number
  /** How long a message is tried: a cluster that lost a server chooses another leader within seconds. */
  readonly storeMillisMax: number
}

/**
 * A `StreamPublisher` that goes on trying while a server restarts or a stream has no leader. The one that waits for the ack
 * waits a little longer and hears of no failure. Every message needs a `Nats-Msg-Id` of its own: the stream keeps one of
 * all attempts.
 */
export const makePatientPublisher = Effect.fnUntraced(function* (
  options: PatientPublisherOptions
): Effect.fn.Return<StreamPublisher, never, NatsConnection | Scope.Scope> {
  const inFlightMax = options.inFlightMax ?? inFlightMaxDefault
  const waiting = new WaitingMessages(inFlightMax)
  let failed: Array<readonly [slot: number, settled: Settled]> = []
  /** Set while anything failed: an idle process has no timer for it. */
  let retry: NodeJS.Timeout | undefined
  let closed = false

  const settle = (slot: number, settled: Settled) => options.onSettled(waiting.take(slot), settled)
  const publisher = yield* makeStreamPublisher({
    inFlightMax,
    ackTimeoutMillis: Math.min(attemptMillisMax, options.storeMillisMax),
    onSettled: (slot, settled) => {
      if (closed || settled._tag === "Stored" || !passing.has(settled.reason)) settle(slot, settled)
      else keep(slot, settled)
    }
  })
  const keep = (slot: number, settled: Settled) => {
    failed.push([slot, settled])
    retry ??= setTimeout(tryAgain, attemptRetryMillis)
  }
  const tryAgain = () => {
    retry = undefined
    const now = performance.now()
    const slots = failed
    failed = []
    for (const [slot, settled] of slots) {
      const { subject, headers, payload, until } = waiting.get(slot)
      if (now >= until) settle(slot, settled)
      else if (publisher.publish(subject, headers, payload, slot)) repeated.inc()
      else keep(slot, settled)
    }
  }
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      clearTimeout(retry)
      closed = true
      for (const [slot, settled] of failed) settle(slot, settled)
    })
  )
  return {
    publish: (subject, headers, payload, token) => {
      const slot = waiting.add(token, subject, headers, payload, performance.now() + options.storeMillisMax)
      if (slot < 0) return false
      if (!publisher.publish(subject, headers, payload, slot)) keep(slot, disconnected)
      return true
    },
    inFlight: () => waiting.size
  }
})

/**
 * The messages that were not acknowledged yet, in slots that are written over. An object per message in a map came to live in old space.
 * It kept its strings and bytes there until the next full collection (docs/performance/log.md).
 */
class WaitingMessages {
  readonly #capacity: number
  readonly #slots: Array<Slot> = []
  readonly #free: Array<number> = []

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#slots.length - this.#free.length
  }

  /** Its slot, or -1 when all are taken. */
  add(token: number, subject: string, headers: string, payload: Uint8Array, until: number): number {
    if (this.size >= this.#capacity) return -1
    const index = this.#free.pop() ?? this.#slots.push(new Slot()) - 1
    const slot = this.#slots[index]!
    slot.token = token
    slot.subject = subject
    slot.headers = headers
    slot.payload = payload
    slot.until = until
    return index
  }

  get(index: number): Readonly<Slot> {
    return this.#slots[index]!
  }

  /** Gives the token, and the slot free. */
  take(index: number): number {
    const slot = this.#slots[index]!
    slot.subject = ""
    slot.headers = ""
    slot.payload = noBytes
    this.#free.push(index)
    return slot.token
  }
}

class Slot {
  token = 0
  subject = ""
  headers = ""
  payload: Uint8Array = noBytes
  until = 0
}

/** Failures that may be over in a moment. */
const passing: ReadonlySet<string> = new Set(["timeout", "disconnected", "noResponders"])
const noBytes = new Uint8Array(0)
const disconnected: Settled = { _tag: "Failed", reason: "disconnected" }
const repeated = metrics.counter(
  "roost_nats_stream_repeated_total",
  "Messages published again because their ack did not come."
)
