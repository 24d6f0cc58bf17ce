import { type WebhookWithSecret, Streams, Subjects } from "@roost/contracts"
import { deliveryCounts } from "@roost/nats"
import { sourcesOf } from "./WebhookSources.ts"

/** The counts of deliveries that wait for a webhook, come again, or were given up. */
export const deliveryQueue = (webhook: Pick<WebhookWithSecret, "webhookId" | "kinds">) =>
  deliveryCounts(
    sourcesOf(webhook).map(([durable, { stream }]) => ({ stream, durable })),
    { stream: Streams.webhookDead.name, subject: Subjects.webhookDead(webhook.webhookId) }
  )
