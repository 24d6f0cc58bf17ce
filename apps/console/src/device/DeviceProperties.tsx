import { ActionIcon, Button, Group, Loader, Text } from "@mantine/core"
import { IconPlus, IconTrash } from "@tabler/icons-react"
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { registry } from "../api/client.ts"
import { parseWritten } from "../api/Numeral.ts"
import { Fault } from "../display/Fault.tsx"
import { Form } from "../display/Form.tsx"
import { Panel } from "../display/Panel.tsx"
import { TextField } from "../display/TextField.tsx"
import { useText } from "../language/Language.tsx"
import classes from "./DeviceProperties.module.css"
import { type DevicePath, keyOf, paramsOf, propertiesQuery } from "./deviceQueries.ts"
import { valueText } from "./points.ts"

/** Tags are texts of the operator's; attributes any JSON, of the device's or the operator's. */
export const DeviceProperties = ({
  device,
  kind
}: {
  readonly device: DevicePath
  readonly kind: "attributes" | "tags"
}) => {
  const text = useText()
  const t = text.device.properties[kind]
  const { data, error } = useQuery(propertiesQuery(device, kind))
  const [adding, setAdding] = useState(false)
  const change = useChange(device, kind)
  const all = Object.entries(data ?? {}).toSorted(([a], [b]) => a.localeCompare(b))
  return (
    <Panel
      title={t.title}
      actions={
        <ActionIcon variant="subtle" aria-label={t.add} onClick={() => setAdding(true)}>
          <IconPlus size={17} />
        </ActionIcon>
      }
    >
      <Fault of={error} />
      {data === undefined
        ? error === null && <Loader size="sm" aria-label={text.app.loading} />
        : all.length === 0 &&
          !adding && (
            <Text size="sm" className="quiet">
              {t.none}
            </Text>
          )}
      <ul className={classes.list}>
        {all.map(([name, { value }]) => (
          <li key={name} className={classes.row}>
            <span className={classes.name}>{name}</span>
            <span className={classes.value}>{valueText(value)}</span>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t.remove(name)}
              onClick={() => change.mutate({ [name]: null })}
            >
              <IconTrash size={15} />
            </ActionIcon>
          </li>
        ))}
      </ul>
      {adding && (
        <AddProperty
          kind={kind}
          pending={change.isPending}
          onCancel={() => setAdding(false)}
          onAdd={(name, value) => change.mutate({ [name]: value }, { onSuccess: () => setAdding(false) })}
        />
      )}
      <Fault apart of={change.error} />
    </Panel>
  )
}

const useChange = (device: DevicePath, kind: "attributes" | "tags") => {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: Readonly<Record<string, unknown>>) =>
      registry.PATCH(`/v1/products/{productKey}/devices/{deviceKey}/${kind}`, {
        params: paramsOf(device),
        body: body as never
      }),
    onSuccess: () => client.invalidateQueries({ queryKey: keyOf(device, kind) })
  })
}

const AddProperty = ({
  kind,
  onAdd,
  onCancel,
  pending
}: {
  readonly kind: "attributes" | "tags"
  readonly pending: boolean
  readonly onAdd: (name: string, value: unknown) => void
  readonly onCancel: () => void
}) => {
  const text = useText()
  const t = text.device.properties
  const [name, setName] = useState("")
  const [value, setValue] = useState("")
  return (
    <Form className={classes.form} onSubmit={() => onAdd(name.trim(), kind === "tags" ? value : jsonOrText(value))}>
      <TextField label={t.name} size="xs" value={name} onChange={setName} required focused />
      <TextField label={kind === "tags" ? t.value : t.jsonValue} size="xs" value={value} onChange={setValue} />
      <Group gap="xs" className={classes.buttons!}>
        <Button size="xs" variant="default" onClick={onCancel}>
          {text.dialog.cancel}
        </Button>
        <Button size="xs" type="submit" loading={pending}>
          {text.dialog.save}
        </Button>
      </Group>
    </Form>
  )
}

/** `12`, `true` and `{"a":1}` are what they look like; anything else is a text, so that nobody needs quotes. */
const jsonOrText = (text: string): unknown => {
  try {
    return parseWritten(text)
  } catch {
    return text
  }
}
