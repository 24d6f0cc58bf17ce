import { Alert, Button, Text } from "@mantine/core"
import { useDisclosure } from "@mantine/hooks"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { bodyOf, registry } from "../api/client.ts"
import { Ago } from "../display/Ago.tsx"
import { Confirm } from "../display/Confirm.tsx"
import { Facts } from "../display/Facts.tsx"
import { Fault } from "../display/Fault.tsx"
import { count } from "../display/numbers.ts"
import { Panel } from "../display/Panel.tsx"
import { spanText } from "../display/times.ts"
import { Tag } from "../display/Tag.tsx"
import { useLocale, useText } from "../language/Language.tsx"
import { DeadDeliveries } from "./DeadDeliveries.tsx"
import { type WebhookWithDelivery, webhooksKey } from "./webhookQueries.ts"
import classes from "../display/ListPage.module.css"

const tones = { healthy: "good", failing: "odd", dead: "bad" } as const

/** One receiver: what it hears of, how it does, and what can be done about it. */
export const WebhookPanel = ({ webhook }: { readonly webhook: WebhookWithDelivery }) => {
  const text = useText()
  const t = text.webhooks
  const locale = useLocale()
  const client = useQueryClient()
  const [deleting, dialog] = useDisclosure()
  const [deadShown, deadList] = useDisclosure()
  const { delivery, webhookId } = webhook
  const params = { path: { webhookId } }
  const test = useMutation({
    mutationFn: () => bodyOf(registry.POST("/v1/webhooks/{webhookId}:test", { params }))
  })
  const remove = useMutation({
    mutationFn: () => registry.DELETE("/v1/webhooks/{webhookId}", { params }),
    onSuccess: () => client.invalidateQueries({ queryKey: webhooksKey })
  })
  const last = delivery.lastAttempt
  return (
    <Panel
      title={<span className={`mono ${classes.url}`}>{webhook.url}</span>}
      actions={
        last === undefined ? (
          <Tag tone="plain">{t.untried}</Tag>
        ) : (
          <Tag tone={tones[delivery.health]}>{t.health[delivery.health]}</Tag>
        )
      }
    >
      <div className={classes.body}>
        <Facts
          rows={[
            [t.kinds, webhook.kinds.map((kind) => t.kindNames[kind]).join(", ")],
            [t.of, webhook.deviceKey ?? webhook.productKey ?? t.all],
            [
              t.id,
              <span key="id" className="mono">
                {webhookId}
              </span>
            ]
          ]}
        />
        <Facts
          rows={[
            [
              t.lastDelivered,
              delivery.lastDeliveredAt === undefined ? t.never : <Ago key="last" at={delivery.lastDeliveredAt} />
            ],
            [
              t.lastAttempt,
              last === undefined ? (
                t.never
              ) : (
                <span key="attempt">
                  <Ago at={last.at} /> · {last.error ?? last.status}
                </span>
              )
            ],
            ...(delivery.nextAttemptAt === undefined
              ? []
              : [[t.next, <Ago key="next" at={delivery.nextAttemptAt} />] as const]),
            [t.waiting, count(webhook.waiting, locale)],
            [t.dead, count(webhook.dead, locale)]
          ]}
        />
      </div>
      <div className={classes.actions}>
        <Button size="xs" variant="light" loading={test.isPending} onClick={() => test.mutate()}>
          {t.test}
        </Button>
        <Button size="xs" variant="default" disabled={webhook.dead === 0} onClick={deadList.open}>
          {t.showDead}
        </Button>
        <Button size="xs" variant="subtle" color="red" onClick={dialog.open}>
          {text.dialog.delete}
        </Button>
      </div>
      <div role="status" aria-live="polite">
        {test.data && (
          <Alert mt="sm" variant="light" color={test.data.taken ? "teal" : "red"}>
            <Text size="sm">
              {test.data.taken
                ? t.tested(String(test.data.status), spanText(test.data.millis, locale))
                : t.testFailed(test.data.error ?? "")}
            </Text>
          </Alert>
        )}
        <Fault apart of={test.error} />
      </div>
      {deadShown && <DeadDeliveries webhookId={webhookId} onClose={deadList.close} />}
      {deleting && (
        <Confirm title={t.deleteTitle} action={text.dialog.delete} danger doing={remove} onClose={dialog.close}>
          <Text>{t.deleteBody}</Text>
        </Confirm>
      )}
    </Panel>
  )
}
