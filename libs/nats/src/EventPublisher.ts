import { nuid } from "@nats-io/transport-node"
import { metrics } from "@roost/observability"
import { Context, Effect, Layer } from "effect"
import { BackOff } from "./internal/BackOff.ts"
import { headerLines } from "./HeaderLines.ts"
import { NatsConnection } from "./NatsConnection.ts"
import { makeStreamPublisher, type StreamPublisher } from "./StreamPublisher.ts"

/**
 * Each kind of message goes in a lane of its own, with its own queue and its own acks. However many events wait, or however long their
 * stream takes nothing, presence does not wait behind them.
 */
export type EventLane = "presence" | "event"

/** The messages of each lane that are not stored yet; one more is dropped and counted. About 300 bytes each. */
export const eventsWaitingMax: Readonly<Record<EventLane, number>> = { presence: 50_000, event: 10_000 }
/** Bytes of one event; what is larger would never get through and stand in the way. */
export const eventBytesMax = 32 * 1024
const retryMillis = 500
/** While the stream takes nothing, one event is tried, after waits that are doubled each time up to this. */
const retryMillisMax = 8_000
const flushMillisMax = 2_000

interface Event {
  readonly subject: string
  readonly payload: Uint8Array
  readonly headers: string
}

/**
 * Publishing for which the publisher does not wait, but which is to be stored: presence and operator events. Tried
 * until the stream acknowledged, once in the stream by its message id; while NATS is away events wait in bounded
 * queues. Events that were retried may be stored after later ones, so each carries its own time.
 */
export class EventPublisher extends Context.Service<
  EventPublisher,
  {
    /** False, and counted, when the lane's queue is full or the event too large. `value` is JSON. */
    readonly publish: (lane: EventLane, subject: string, value: unknown) => boolean
    /** In all lanes. */
    readonly waiting: () => number
  }
>()("@roost/nats/EventPublisher") {
  static readonly layer: Layer.Layer<EventPublisher, never, NatsConnection> = Layer.effect(
    EventPublisher,
    Effect.gen(function* () {
      const lanes = { presence: yield* makeLane("presence"), event: yield* makeLane("event") }
      return EventPublisher.of({
        publish: (lane, subject, value) => lanes[lane].publish(subject, value),
        waiting: () => lanes.presence.waiting() + lanes.event.waiting()
      })
    })
  )
}

const makeLane = Effect.fnUntraced(function* (lane: EventLane) {
  const queue = new EventQueue()
  // Closed after the queue was flushed, since it was acquired before.
  const publisher = yield* makeStreamPublisher({
    onSettled: (token, settled) => {
      queue.settle(token, settled._tag === "Stored")
      if (settled._tag === "Stored") backOff.stored()
      else backOff.failed()
      retrySoon()
    }
  })
  const backOff = new BackOff(retryMillis, retryMillisMax)
  // Only while there is something to send again: an idle process has no timer for it.
  let timer: NodeJS.Timeout | undefined
  const send = () => {
    timer = undefined
    const isProbe = backOff.begin()
    queue.send(publisher, isProbe ? 1 : Infinity)
    retrySoon()
  }
  const retrySoon = () => {
    if (queue.unsent > 0) timer ??= setTimeout(send, backOff.millis)
  }
  yield* Effect.addFinalizer(() =>
    flush(queue, publisher).pipe(
      Effect.timeout(flushMillisMax),
      Effect.catch(() => Effect.logWarning(`${queue.size} of ${lane} were not stored`)),
      Effect.andThen(Effect.sync(() => clearTimeout(timer)))
    )
  )
  return {
    publish: (subject: string, value: unknown): boolean => {
      const payload = Buffer.from(JSON.stringify(value))
      if (queue.size >= eventsWaitingMax[lane] || payload.length > eventBytesMax) {
        dropped[lane].inc()
        return false
      }
      queue.add({
        subject,
        payload,
        headers: headerLines([["Nats-Msg-Id", nuid.next()]])
      })
      if (!backOff.isFailing) queue.send(publisher, Infinity)
      retrySoon()
      return true
    },
    waiting: () => queue.size
  }
})

const flush = (queue: EventQueue, publisher: StreamPublisher) =>
  Effect.sync(() => queue.send(publisher, Infinity)).pipe(
    Effect.andThen(Effect.sleep("20 millis")),
    Effect.repeat({ while: () => queue.size > 0 })
  )

/** Events to send, oldest first, and those that wait for their ack. */
class EventQueue {
  readonly #events = new Map<number, Event>()
  #unsent: Array<number> = []
  #nextToken = 1

  get size(): number {
    return this.#events.size
  }

  /** Those that wait to be sent, again or for the first time. */
  get unsent(): number {
    return this.#unsent.length
  }

  add(event: Event): void {
    const token = this.#nextToken++
    this.#events.set(token, event)
    this.#unsent.push(token)
  }

  /** At most `max` of them. */
  send(publisher: StreamPublisher, max: number): void {
    let sent = 0
    for (const token of this.#unsent) {
      if (sent >= max) break
      const event = this.#events.get(token)!
      if (!publisher.publish(event.subject, event.headers, event.payload, token)) break
      sent++
    }
    if (sent > 0) this.#unsent = this.#unsent.slice(sent)
  }

  settle(token: number, stored: boolean): void {
    if (stored) this.#events.delete(token)
    else this.#unsent.push(token)
  }
}

const droppedOf = (lane: EventLane) =>
  metrics.counter("roost_nats_events_dropped_total", "Events lost: too many waited to be stored, or too large.", {
    lane
  })
const dropped = { presence: droppedOf("presence"), event: droppedOf("event") }
