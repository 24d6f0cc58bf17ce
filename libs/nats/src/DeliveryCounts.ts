import { Effect } from "effect"
import { NatsConnection } from "./NatsConnection.ts"

/** A durable consumer by which a receiver gets events. */
export interface DeliverySource {
  readonly stream: string
  readonly durable: string
}

/** The counts of what waits for a receiver or comes again, and of its dead letters; 0 where its consumers are not made yet. */
export const deliveryCounts = Effect.fnUntraced(function* (
  sources: ReadonlyArray<DeliverySource>,
  dead: { readonly stream: string; readonly subject: string }
) {
  const { manager } = yield* NatsConnection
  const waiting = yield* Effect.forEach(
    sources,
    ({ durable, stream }) =>
      Effect.tryPromise(() => manager.consumers.info(stream, durable)).pipe(
        Effect.map(({ num_ack_pending, num_pending }) => num_pending + num_ack_pending),
        Effect.orElseSucceed(() => 0)
      ),
    { concurrency: "unbounded" }
  )
  const deadCount = yield* Effect.tryPromise(() =>
    manager.streams.info(dead.stream, { subjects_filter: dead.subject })
  ).pipe(
    Effect.map(({ state }) => state.subjects?.[dead.subject] ?? 0),
    Effect.orElseSucceed(() => 0)
  )
  return { waiting: waiting.reduce((sum, count) => sum + count, 0), dead: deadCount }
})
