import { followTail, lastSequence, type NatsConnection, type TailMessage } from "@roost/nats"
import { Effect, Schedule } from "effect"

/** How often it is looked whether the stream is still the one that is read: a restored or replaced store begins anew. */
const lookEveryMillis = 30_000

export interface NewestOptions {
  readonly stream: string
  readonly filterSubject: string
  /** So many messages back at most. */
  readonly kept: number
  /** The stream is read anew. */
  readonly clear: () => void
  readonly onMessage: (message: TailMessage) => void
}

/** Reads the newest messages of a stream, then what comes: for what is kept in memory, by each instance for itself. */
export const followNewest = ({
  clear,
  filterSubject,
  kept,
  onMessage,
  stream
}: NewestOptions): Effect.Effect<never, never, NatsConnection> =>
  Effect.gen(function* () {
    // Before the stream was made there is nothing to read.
    const end = yield* lastSequence(stream).pipe(Effect.retry(Schedule.spaced("1 second")))
    const cursor = { newest: end }
    clear()
    const tail = followTail({
      stream,
      filterSubject,
      from: "new",
      fromSequence: Math.max(1, end + 1 - kept),
      onMessage: (message) => {
        cursor.newest = Math.max(cursor.newest, message.sequence)
        onMessage(message)
      }
    })
    const becameAnother = lastSequence(stream).pipe(
      Effect.orElseSucceed(() => cursor.newest),
      Effect.delay(lookEveryMillis),
      Effect.repeat({ until: (last) => last < cursor.newest })
    )
    yield* Effect.raceFirst(tail, becameAnother)
  }).pipe(
    Effect.catch(() => Effect.sleep("1 second")),
    Effect.forever
  )
