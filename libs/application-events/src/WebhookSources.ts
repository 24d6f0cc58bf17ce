import type { WebhookWithSecret } from "@roost/contracts"
import { replaySource } from "./DeadDeliveries.ts"
import { type EventSource, eventSources } from "./EventSource.ts"

/** What a webhook hears of, by the names of its consumers: its kinds, and what is delivered again. */
export const sourcesOf = ({
  kinds,
  webhookId
}: Pick<WebhookWithSecret, "kinds" | "webhookId">): ReadonlyArray<readonly [durable: string, EventSource]> => [
  ...kinds.map((kind) => [`${webhookId}-${kind}`, eventSources[kind]] as const),
  [`${webhookId}-replay`, replaySource(webhookId)]
]
