import { JetStreamApiCodes, JetStreamApiError } from "@nats-io/jetstream"
import { errors } from "@nats-io/transport-node"
import { Effect } from "effect"
import { NatsError, type NatsErrorReason } from "../NatsError.ts"

/** A promise of the NATS client as an Effect with our error. */
export const fromClient = <A>(operation: string, run: () => Promise<A>): Effect.Effect<A, NatsError> =>
  Effect.tryPromise({ try: run, catch: (error) => toNatsError(operation, error) })

export const toNatsError = (operation: string, error: unknown): NatsError =>
  new NatsError({ operation, reason: reasonOf(error), detail: error instanceof Error ? error.message : String(error) })

const reasonOf = (error: unknown): NatsErrorReason => {
  // The client wraps what went wrong with a request.
  const cause = error instanceof errors.RequestError && error.cause !== undefined ? error.cause : error
  if (cause instanceof JetStreamApiError) {
    return cause.code === JetStreamApiCodes.StreamWrongLastSequence ||
      cause.code === JetStreamApiCodes.StreamWrongLastSequenceUnknown
      ? "Conflict"
      : "Rejected"
  }
  if (cause instanceof errors.TimeoutError) return "Timeout"
  if (cause instanceof errors.NoRespondersError) return "NoResponders"
  if (
    cause instanceof errors.ClosedConnectionError ||
    cause instanceof errors.DrainingConnectionError ||
    cause instanceof errors.RequestError
  ) {
    return "Disconnected"
  }
  return "Rejected"
}
