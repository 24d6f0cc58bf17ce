import { Alert, Button, Group, Stack } from "@mantine/core"
import { IconKey } from "@tabler/icons-react"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { Dialog } from "../display/Dialog.tsx"
import { bodyOf, registry } from "../api/client.ts"
import { Confirm } from "../display/Confirm.tsx"
import { CopyLine } from "../display/CopyLine.tsx"
import { TextField } from "../display/TextField.tsx"
import { type EventDraft, EventFields, eventsOf } from "../fleet/EventFields.tsx"
import { useText } from "../language/Language.tsx"
import { webhooksKey } from "./webhookQueries.ts"

const kindsOfEvents = ["uplink", "presence", "command"] as const
type Kind = (typeof kindsOfEvents)[number]

/** The secret that signs deliveries is told once. */
export const NewWebhook = ({ onClose }: { readonly onClose: () => void }) => {
  const text = useText()
  const t = text.webhooks
  const client = useQueryClient()
  const [url, setUrl] = useState("https://")
  const [events, setEvents] = useState<EventDraft<Kind>>({ kinds: ["uplink"], productKey: "" })
  const create = useMutation({
    mutationFn: () => bodyOf(registry.POST("/v1/webhooks", { body: { url: url.trim(), ...eventsOf(events) } })),
    onSuccess: () => client.invalidateQueries({ queryKey: webhooksKey })
  })
  if (create.data) {
    return (
      <Dialog onClose={onClose} title={t.made}>
        <Stack>
          <Alert icon={<IconKey size={18} />} color="yellow" variant="light">
            {t.secretOnce}
          </Alert>
          <CopyLine text={create.data.secret} label={t.secret} />
          <Group justify="flex-end">
            <Button onClick={onClose}>{text.dialog.done}</Button>
          </Group>
        </Stack>
      </Dialog>
    )
  }
  return (
    <Confirm title={t.add} action={t.create} doing={create} onClose={onClose}>
      <TextField label={t.url} value={url} onChange={setUrl} required focused technical />
      <EventFields draft={events} onChange={setEvents} kinds={kindsOfEvents} words={t} />
    </Confirm>
  )
}
