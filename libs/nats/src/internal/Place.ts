import type { JetStreamManager } from "@nats-io/jetstream"

/** Where a reader is in a stream: the last message that it got. */
export interface Place {
  readonly sequence: number
  /** When the stream stored it, in milliseconds since 1970 on its nats-server's clock. */
  readonly storedAt: number
}

/** Messages that were stored so long before a place are read again with those that follow: clocks of nats-servers differ. */
const clocksDifferMillisMax = 60_000

/** Nanoseconds since 1970 are more than a number holds. */
const roundingMillis = 1

/** Milliseconds since 1970 from which on a stream that was set back holds all that the reader of `place` can't have had. */
export const readAgainFrom = ({ storedAt }: Place): number => Math.max(0, storedAt - clocksDifferMillisMax)

/**
 * Whether the stream lost the message of `place`, and gives its sequence to another one, now or soon. A power cut took what no
 * disk had, a backup was restored, or somebody made the stream anew. A reader that goes on by sequence would pass over what took
 * the sequences that it has seen. A message that is gone from its place tells nothing: it was acknowledged, or its time was over.
 */
export const wasSetBack = async (
  { streams }: JetStreamManager,
  stream: string,
  { sequence, storedAt }: Place
): Promise<boolean> => {
  const { state } = await streams.info(stream)
  if (state.last_seq < sequence) return true
  const there = await streams.getMessage(stream, { seq: sequence })
  return there !== null && Math.abs(there.time.getTime() - storedAt) > roundingMillis
}
