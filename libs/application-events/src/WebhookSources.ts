import { type EventSource, eventSources, type WebhookWithSecret } from "@roost/contracts"
import { replaySource } from "./DeadDeliveries.ts"

/** The sources of a webhook's events, by the names of its consumers: its kinds, and the deliveries that come again. */
export const sourcesOf = ({
  kinds,
  webhookId
}: Pick<WebhookWithSecret, "kinds" | "webhookId">): ReadonlyArray<readonly [durable: string, EventSource]> => [
  ...kinds.map((kind) => [`${webhookId}-${kind}`, eventSources[kind]] as const),
  [`${webhookId}-replay`, replaySource(webhookId)]
]
