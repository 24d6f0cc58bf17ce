import { IconWebhook } from "@tabler/icons-react"
import { useQuery } from "@tanstack/react-query"
import { ListPage } from "../display/ListPage.tsx"
import { useText } from "../language/Language.tsx"
import { NewWebhook } from "./NewWebhook.tsx"
import { WebhookPanel } from "./WebhookPanel.tsx"
import { webhooksQuery } from "./webhookQueries.ts"

/** Where events are delivered, and how each receiver does. */
export const WebhooksPage = () => (
  <ListPage
    items={useQuery(webhooksQuery)}
    words={useText().webhooks}
    icon={<IconWebhook size={36} stroke={1.4} />}
    making={(onClose) => <NewWebhook onClose={onClose} />}
  >
    {(webhook) => <WebhookPanel key={webhook.webhookId} webhook={webhook} />}
  </ListPage>
)
