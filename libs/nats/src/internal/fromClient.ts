import { JetStreamApiCodes, JetStreamApiError } from "@nats-io/jetstream"
import { errors } from "@nats-io/transport-node"
import { Effect } from "effect"
import { NatsError, type NatsErrorReason } from "../NatsError.ts"

/** A promise of the NATS client as an Effect with our error. */
export const fromClient = <A>(operation: string, run: () => Promise<A>): Effect.Effect<A, NatsError> =>
  Effect.tryPromise({ try: run, catch: (error) => toNatsError(operation, error) })

export const toNatsError = (operation: string, error: unknown): NatsError =>
  new NatsError({ operation, reason: reasonOf(error), detail: error instanceof Error ? error.message : String(error) })

/** The client wraps what went wrong with a request, once or twice. */
const reasonOf = (error: unknown): NatsErrorReason => {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const reason = reasonOfOne(cause)
    if (reason !== undefined) return reason
  }
  return error instanceof errors.RequestError ? "Disconnected" : "Rejected"
}

const reasonOfOne = (error: Error): NatsErrorReason | undefined => {
  if (error instanceof JetStreamApiError) return conflicts.has(error.code) ? "Conflict" : "Rejected"
  if (error instanceof errors.TimeoutError) return "Timeout"
  if (error instanceof errors.NoRespondersError) return "NoResponders"
  const gone = error instanceof errors.ClosedConnectionError || error instanceof errors.DrainingConnectionError
  return gone ? "Disconnected" : undefined
}

const conflicts: ReadonlySet<number> = new Set([
  JetStreamApiCodes.StreamWrongLastSequence,
  JetStreamApiCodes.StreamWrongLastSequenceUnknown
])
