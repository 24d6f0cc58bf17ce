import { Button, Loader } from "@mantine/core"
import { useDisclosure } from "@mantine/hooks"
import { IconPlus, IconWebhook } from "@tabler/icons-react"
import { useQuery } from "@tanstack/react-query"
import { EmptyState } from "../display/EmptyState.tsx"
import { FaultPanel } from "../display/FaultPanel.tsx"
import { PageHeader } from "../display/PageHeader.tsx"
import { useText } from "../language/Language.tsx"
import { NewWebhook } from "./NewWebhook.tsx"
import { WebhookPanel } from "./WebhookPanel.tsx"
import { webhooksQuery } from "./webhookQueries.ts"
import classes from "./WebhooksPage.module.css"

/** Where events are delivered, and how each receiver does. */
export const WebhooksPage = () => {
  const text = useText()
  const t = text.webhooks
  const webhooks = useQuery(webhooksQuery)
  const [open, dialog] = useDisclosure()
  return (
    <>
      <title>{`${t.title} · Roost`}</title>
      <PageHeader
        title={t.title}
        lead={t.lead}
        actions={
          <Button leftSection={<IconPlus size={16} />} onClick={dialog.open}>
            {t.add}
          </Button>
        }
      />
      {webhooks.isError ? (
        <FaultPanel error={webhooks.error} again={() => void webhooks.refetch()} />
      ) : webhooks.data === undefined ? (
        <Loader aria-label={text.app.loading} />
      ) : webhooks.data.length === 0 ? (
        <div className="panel">
          <EmptyState
            icon={<IconWebhook size={36} stroke={1.4} />}
            title={t.none}
            action={<Button onClick={dialog.open}>{t.add}</Button>}
          >
            {t.noneBody}
          </EmptyState>
        </div>
      ) : (
        <div className={classes.list}>
          {webhooks.data.map((webhook) => (
            <WebhookPanel key={webhook.webhookId} webhook={webhook} />
          ))}
        </div>
      )}
      {open && <NewWebhook onClose={dialog.close} />}
    </>
  )
}
