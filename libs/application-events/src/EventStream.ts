import { type EventFilter, eventSources, type FollowedKind } from "@roost/contracts"
import { endOfStream, type NatsConnection, type NatsError, readStream } from "@roost/nats"
import { metrics } from "@roost/observability"
import { type Cause, Effect, Queue, Stream } from "effect"
import { type EventPosition, formatPosition } from "./EventPosition.ts"

/** Events that wait for one reader at most; the rest waits in its stream. */
export const eventsWaitingMax = 256
/** A reader that makes no room for the next event for so long is cut off and comes back where it was. */
export const stalledMillisMax = 10_000
/** A comment this often tells both ends, and what is between them, that the connection is in use. */
export const heartbeatSeconds = 15

export interface EventStreamOptions {
  readonly kinds: ReadonlyArray<FollowedKind>
  readonly filter: EventFilter
  /** Where the reader was; kinds that are not in it begin now. */
  readonly position: EventPosition
}

/** Why a stream of events ended: the reader is too slow, the service stops, NATS does not answer. */
export type Ending = "overrun" | "stopped" | "unavailable"

/** How each reader that is connected now is ended. */
export type EventReaders = Set<(why: Ending) => void>

/**
 * Events from now, or from where the reader was, as the text of server-sent events (HTML Standard §9.2). Each id is the
 * position in the streams of all kinds, also of those that were silent. A client that comes back with it misses none, and
 * comments bring it too. The last event is named by the `Ending`. Events that a stream no longer keeps are left out. Of a stream that was
 * set back some come again.
 */
export const eventStream = Effect.fnUntraced(function* (
  { filter, kinds, position }: EventStreamOptions,
  readers: EventReaders
): Effect.fn.Return<Stream.Stream<string, never, NatsConnection>, NatsError, NatsConnection> {
  const at: EventPosition = {}
  for (const kind of kinds) {
    const end = yield* endOfStream(eventSources[kind].stream)
    const place = position[kind] ?? end
    // Without its time nothing tells that a stream was made anew, but that it is shorter.
    at[kind] = place.storedAt === undefined && place.sequence > end.sequence ? end : place
  }
  return Stream.unwrap(
    Effect.gen(function* () {
      const queue = yield* Queue.bounded<string, Cause.Done>(eventsWaitingMax)
      let why: Ending = "unavailable"
      const end = (reason: Ending) => {
        why = reason
        Queue.endUnsafe(queue)
      }
      // Proxies and readers see that the connection stands before the first event comes.
      const comment = () => Queue.offerUnsafe(queue, `id: ${formatPosition(at)}\n: in use\n\n`)
      comment()
      yield* Effect.acquireRelease(
        Effect.sync(() => readers.add(end)),
        () => Effect.sync(() => readers.delete(end))
      )
      yield* Effect.sync(comment).pipe(Effect.delay(heartbeatSeconds * 1000), Effect.forever, Effect.forkScoped)
      yield* pump(kinds, filter, at, queue).pipe(
        Effect.catch(() => Effect.succeed<Ending>("unavailable")),
        Effect.flatMap((reason) => Effect.sync(() => end(reason))),
        Effect.forkScoped
      )
      const last = Stream.sync(() => `event: ${why}\ndata: {}\n\n`)
      return Stream.concat(Stream.fromQueue(queue), last)
    })
  )
})

/** From the streams to the queue, no faster than the reader reads; ends when that stands still. */
const pump = (
  kinds: ReadonlyArray<FollowedKind>,
  filter: EventFilter,
  at: EventPosition,
  queue: Queue.Queue<string, Cause.Done>
): Effect.Effect<Ending, NatsError, NatsConnection> => {
  const messages = kinds.map((kind) => {
    const { stream, subject } = eventSources[kind]
    const options = { stream, filterSubject: subject(filter), behind: at[kind]! }
    return Stream.map(readStream(options), (message) => ({ kind, message }))
  })
  return Stream.mergeAll(messages, { concurrency: "unbounded" }).pipe(
    Stream.takeWhileEffect(({ kind, message }) => {
      const event = eventSources[kind].read(message, filter)
      const { sequence, storedAt } = message
      const advance = () => void (at[kind] = { sequence, storedAt })
      if (event === undefined) return Effect.as(Effect.sync(advance), true)
      const id = formatPosition({ ...at, [kind]: { sequence, storedAt } })
      return Queue.offer(queue, `id: ${id}\nevent: ${kind}\ndata: ${JSON.stringify(event)}\n\n`).pipe(
        Effect.timeoutOrElse({ duration: stalledMillisMax, orElse: () => Effect.succeed(false) }),
        Effect.tap((taken) =>
          Effect.sync(() => {
            if (!taken) return overruns.inc()
            advance()
            sent.inc()
          })
        )
      )
    }),
    Stream.runDrain,
    Effect.as("overrun")
  )
}

const sent = metrics.counter("roost_events_sent_total", "Events for readers of server-sent events.")
const overruns = metrics.counter("roost_events_overrun_total", "Readers that were cut off because they were too slow.")
