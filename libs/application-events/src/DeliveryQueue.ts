import { type WebhookWithSecret, Streams, Subjects } from "@roost/contracts"
import { NatsConnection } from "@roost/nats"
import { Effect } from "effect"
import { sourcesOf } from "./WebhookSources.ts"

/** The counts of deliveries that wait for a webhook, come again, or were given up; 0 where its consumers are not made yet. */
export const deliveryQueue = Effect.fnUntraced(function* (webhook: Pick<WebhookWithSecret, "webhookId" | "kinds">) {
  const { manager } = yield* NatsConnection
  const counts = yield* Effect.forEach(
    sourcesOf(webhook),
    ([durable, { stream }]) =>
      Effect.tryPromise(() => manager.consumers.info(stream, durable)).pipe(
        Effect.map(({ num_ack_pending, num_pending }) => num_pending + num_ack_pending),
        Effect.orElseSucceed(() => 0)
      ),
    { concurrency: "unbounded" }
  )
  const subject = Subjects.webhookDead(webhook.webhookId)
  const dead = yield* Effect.tryPromise(() =>
    manager.streams.info(Streams.webhookDead.name, { subjects_filter: subject })
  ).pipe(
    Effect.map(({ state }) => state.subjects?.[subject] ?? 0),
    Effect.orElseSucceed(() => 0)
  )
  return { waiting: counts.reduce((sum, count) => sum + count, 0), dead }
})
