import { useMutation, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { bodyOf, registry } from "../api/client.ts"
import { Confirm } from "../display/Confirm.tsx"
import { TextField } from "../display/TextField.tsx"
import { type EventDraft, EventFields, eventsOf } from "../fleet/EventFields.tsx"
import { useText } from "../language/Language.tsx"
import { sinksKey } from "./sinkQueries.ts"

const kindsOfEvents = ["uplink", "presence", "command", "log"] as const
type Kind = (typeof kindsOfEvents)[number]

/** The address says whether it is a database or a broker. */
export const NewSink = ({ onClose }: { readonly onClose: () => void }) => {
  const text = useText()
  const t = text.sinks
  const client = useQueryClient()
  const [name, setName] = useState("")
  const [url, setUrl] = useState("postgres://")
  const [password, setPassword] = useState("")
  const [events, setEvents] = useState<EventDraft<Kind>>({ kinds: ["uplink"], productKey: "" })
  const create = useMutation({
    mutationFn: () => {
      const type = url.trim().startsWith("postgres") ? ("postgres" as const) : ("mqtt" as const)
      const target = { type, url: url.trim(), ...(password === "" ? {} : { password }) }
      return bodyOf(registry.POST("/v1/sinks", { body: { name: name.trim(), target, ...eventsOf(events) } }))
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: sinksKey })
      onClose()
    }
  })
  return (
    <Confirm title={t.add} action={t.create} doing={create} onClose={onClose}>
      <TextField label={t.name} value={name} onChange={setName} required focused />
      <TextField label={t.target} description={t.targetHint} value={url} onChange={setUrl} required technical />
      <TextField label={t.password} description={t.passwordHint} value={password} onChange={setPassword} secret />
      <EventFields draft={events} onChange={setEvents} kinds={kindsOfEvents} words={t} />
    </Confirm>
  )
}
