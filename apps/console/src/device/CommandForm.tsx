import { Button, NativeSelect, Stack, Text } from "@mantine/core"
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { Fault } from "../display/Fault.tsx"
import { Form } from "../display/Form.tsx"
import { TextField } from "../display/TextField.tsx"
import { useText } from "../language/Language.tsx"
import { productQuery } from "../product/productQueries.ts"
import type { FieldExpectation } from "./commandFields.ts"
import { type Device, keyOf, productModelQuery } from "./deviceQueries.ts"
import { askedFields, type CommandKind, draftCommand, firstOf, isNamedKind, namesOf } from "./draftCommand.ts"
import { type CommandDraft, issueCommand } from "./issueCommand.ts"
import { ValueField } from "./ValueField.tsx"

const waits = ["0", "600", "3600", "86400", "172800"] as const

/** A command for the device: what its thing model allows, or by name where it has none. */
export const CommandForm = ({ device }: { readonly device: Device }) => {
  const t = useText().commands
  const client = useQueryClient()
  const { data: model } = useQuery(productModelQuery(device.productKey))
  const { data: product } = useQuery(productQuery(device.productKey))
  const [kind, setKind] = useState<CommandKind>("set")
  const [identifier, setIdentifier] = useState("")
  const [values, setValues] = useState<Readonly<Record<string, string>>>({})
  const [wait, setWait] = useState<(typeof waits)[number]>("3600")
  const [faults, setFaults] = useState<Readonly<Record<string, FieldExpectation>>>({})
  const send = useMutation({
    mutationFn: (draft: CommandDraft) => issueCommand(device, draft, Number(wait)),
    onSuccess: () => client.invalidateQueries({ queryKey: keyOf(device, "commands") })
  })
  if (model === undefined || product === undefined) return null
  // A product whose messages a script converts takes bytes as they are, too.
  const kinds: ReadonlyArray<CommandKind> = [
    "set",
    "get",
    "service",
    "upgrade",
    ...(product.dataFormat === "Custom" ? (["raw"] as const) : [])
  ]
  const isNamed = isNamedKind(kind)
  const names = model === null || !isNamed ? [] : namesOf(kind, model)
  const named = names.some(({ value }) => value === identifier) || model === null ? identifier : (names[0]?.value ?? "")
  const asked = askedFields(kind, named, model, t)

  const expectedOf = (id: string) => faults[id] && t.expected[faults[id]]
  const submit = () => {
    const { draft, faults: found } = draftCommand({ kind, identifier: named, model, asked, values })
    setFaults(found)
    if (draft !== undefined) send.mutate(draft)
  }

  return (
    <Form onSubmit={submit}>
      <Stack gap="sm">
        <NativeSelect
          label={t.kind}
          value={kind}
          onChange={(event) => {
            setKind(event.currentTarget.value as CommandKind)
            setIdentifier("")
            setFaults({})
            send.reset()
          }}
          data={kinds.map((value) => ({ value, label: t.forms[value] }))}
        />
        {isNamed &&
          (model !== null && names.length > 0 ? (
            <NativeSelect
              label={kind === "service" ? t.service : t.point}
              data={names}
              value={named}
              onChange={(event) => setIdentifier(event.currentTarget.value)}
            />
          ) : (
            <TextField
              label={kind === "service" ? t.service : t.point}
              value={identifier}
              onChange={setIdentifier}
              required
              technical
            />
          ))}
        {asked.map(({ data, id, name }) => (
          <ValueField
            key={`${kind} ${named} ${id}`}
            label={name}
            data={data}
            value={values[id] ?? firstOf(data)}
            error={expectedOf(id)}
            onChange={(value) => setValues({ ...values, [id]: value })}
          />
        ))}
        {kind === "raw" && (
          <TextField
            label={t.bytes}
            description={t.bytesHint}
            className="mono"
            value={values["bytes"] ?? ""}
            error={expectedOf("bytes")}
            onChange={(text) => setValues({ ...values, bytes: text })}
            technical
          />
        )}
        <NativeSelect
          label={t.wait}
          description={t.waitHint}
          value={wait}
          onChange={(event) => setWait(event.currentTarget.value as (typeof waits)[number])}
          data={waits.map((value) => ({ value, label: t.waits[value] }))}
        />
        <Fault of={send.error} />
        <Button type="submit" loading={send.isPending}>
          {t.submit}
        </Button>
        <Text size="xs" className="quiet" role="status">
          {send.isSuccess ? t.accepted(send.data) : model === null && isNamed ? t.noModel : ""}
        </Text>
      </Stack>
    </Form>
  )
}
