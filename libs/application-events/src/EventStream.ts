import type { EventKind } from "@roost/contracts"
import { followTail, type NatsConnection } from "@roost/nats"
import { metrics } from "@roost/observability"
import { type Cause, Effect, Queue, Stream } from "effect"
import { type EventPosition, formatPosition } from "./EventPosition.ts"
import { type EventFilter, eventSources } from "./EventSource.ts"

/** Events that wait for one reader at most; a slower one is cut off and comes back where it was. */
export const eventsWaitingMax = 4_096
/** A comment this often tells both ends, and what is between them, that the connection is in use. */
export const heartbeatSeconds = 15

export interface EventStreamOptions {
  readonly kinds: ReadonlyArray<EventKind>
  readonly filter: EventFilter
  /** Where the reader was; kinds that are not in it begin now. */
  readonly position: EventPosition
}

/**
 * What follows from now, or from where the reader was, as the text of server-sent events (HTML Standard §9.2). Ends only with
 * the reader, or with `event: overrun` when that is too slow. What a stream no longer keeps is left out.
 */
export const eventStream = ({
  filter,
  kinds,
  position
}: EventStreamOptions): Stream.Stream<string, never, NatsConnection> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const queue = yield* Queue.bounded<string, Cause.Done>(eventsWaitingMax)
      const at: EventPosition = { ...position }
      let over = false
      const offer = (text: string) => {
        if (over || Queue.offerUnsafe(queue, text)) return
        over = true
        overruns.inc()
        Queue.endUnsafe(queue)
      }
      yield* Effect.forEach(
        kinds,
        (kind) => {
          const { read, stream, subject } = eventSources[kind]
          const heard = position[kind]
          return Effect.forkScoped(
            followTail({
              stream,
              filterSubject: subject(filter),
              from: "new",
              ...(heard === undefined ? {} : { fromSequence: heard + 1 }),
              onMessage: (message) => {
                at[kind] = message.sequence
                const event = read(message, filter)
                if (event === undefined) return
                sent.inc()
                offer(`id: ${formatPosition(at)}\nevent: ${kind}\ndata: ${JSON.stringify(event)}\n\n`)
              }
            })
          )
        },
        { discard: true }
      )
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          readers++
          return setInterval(() => offer(": in use\n\n"), heartbeatSeconds * 1000)
        }),
        (timer) =>
          Effect.sync(() => {
            readers--
            clearInterval(timer)
          })
      )
      // Proxies and readers see that the connection stands before the first event comes.
      offer(": roost\n\n")
      return Stream.concat(Stream.fromQueue(queue), Stream.make("event: overrun\ndata: {}\n\n"))
    })
  )

/** Readers that are connected now. */
export const eventReaders = (): number => readers
let readers = 0

const sent = metrics.counter("roost_events_sent_total", "Events for readers of server-sent events.")
const overruns = metrics.counter("roost_events_overrun_total", "Readers that were cut off because they were too slow.")
