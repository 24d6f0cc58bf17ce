import { Alert, Button, NativeSelect, SegmentedControl, Stack, Text, TextInput } from "@mantine/core"
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { FaultText } from "../display/FaultText.tsx"
import { useText } from "../language/Language.tsx"
import { type Field, fieldValue, serviceInputs, settablePoints } from "./commandFields.ts"
import { type Device, keyOf, productModelQuery } from "./deviceQueries.ts"
import { type CommandDraft, issueCommand } from "./issueCommand.ts"
import { ValueField } from "./ValueField.tsx"

const waits = ["0", "600", "3600", "86400", "172800"] as const
type Kind = CommandDraft["kind"]

/** A command for the device: what its thing model allows, or by name where it has none. */
export const CommandForm = ({ device }: { readonly device: Device }) => {
  const t = useText().commands
  const client = useQueryClient()
  const { data: model } = useQuery(productModelQuery(device.productKey))
  const [kind, setKind] = useState<Kind>("set")
  const [identifier, setIdentifier] = useState("")
  const [values, setValues] = useState<Readonly<Record<string, string>>>({})
  const [wait, setWait] = useState<(typeof waits)[number]>("3600")
  const [faults, setFaults] = useState<Readonly<Record<string, string>>>({})
  const send = useMutation({
    mutationFn: (draft: CommandDraft) => issueCommand(device, draft, Number(wait)),
    onSuccess: () => client.invalidateQueries({ queryKey: keyOf(device, "commands") })
  })
  if (model === undefined) return null
  const points = model === null ? [] : settablePoints(model)
  const services = model === null ? [] : Object.entries(model.services)
  const names =
    kind === "set"
      ? points.map(({ id, name }) => ({ value: id, label: name === id ? id : `${name} (${id})` }))
      : kind === "get"
        ? Object.entries(model?.measurepoints ?? {}).map(([id, { name }]) => ({ value: id, label: name ?? id }))
        : services.map(([id, { name }]) => ({ value: id, label: name ?? id }))
  const named = names.some(({ value }) => value === identifier) || model === null ? identifier : (names[0]?.value ?? "")
  const fields: ReadonlyArray<Field> =
    kind === "service" && model !== null ? serviceInputs(model, named) : points.filter(({ id }) => id === named)
  const asked =
    kind === "get"
      ? []
      : fields.length > 0 || (kind === "service" && model !== null)
        ? fields
        : [{ id: "value", name: kind === "service" ? t.inputs : t.value, required: true, data: undefined }]

  const submit = () => {
    const found: Record<string, string> = {}
    const read: Record<string, unknown> = {}
    for (const { data, id, required } of asked) {
      const text = values[id] ?? firstOf(data)
      if (text === "" && !required) continue
      const result = fieldValue(data, text)
      if ("expected" in result) found[id] = t.expected[result.expected]
      else read[id] = result.value
    }
    setFaults(found)
    if (Object.keys(found).length > 0 || named === "") return
    const only = Object.values(read)[0]
    if (kind === "service") {
      send.mutate({ kind, identifier: named, inputData: (model === null ? only : read) as Record<string, unknown> })
    } else if (kind === "set") send.mutate({ kind, identifier: named, value: only })
    else send.mutate({ kind, identifier: named })
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <Stack gap="sm">
        <SegmentedControl
          aria-label={t.kind}
          value={kind}
          onChange={(next) => {
            setKind(next as Kind)
            setIdentifier("")
            setFaults({})
          }}
          data={(["set", "get", "service"] as const).map((value) => ({ value, label: t.forms[value] }))}
        />
        {model !== null && names.length > 0 ? (
          <NativeSelect
            label={kind === "service" ? t.service : t.point}
            data={names}
            value={named}
            onChange={(event) => setIdentifier(event.currentTarget.value)}
          />
        ) : (
          <TextInput
            label={kind === "service" ? t.service : t.point}
            value={identifier}
            onChange={(event) => setIdentifier(event.currentTarget.value)}
            required
            withAsterisk={false}
            spellCheck={false}
            autoComplete="off"
          />
        )}
        {asked.map(({ data, id, name }) => (
          <ValueField
            key={`${named} ${id}`}
            label={kind === "set" ? t.value : name}
            data={data}
            value={values[id] ?? firstOf(data)}
            error={faults[id]}
            onChange={(value) => setValues({ ...values, [id]: value })}
          />
        ))}
        <NativeSelect
          label={t.wait}
          description={t.waitHint}
          value={wait}
          onChange={(event) => setWait(event.currentTarget.value as (typeof waits)[number])}
          data={waits.map((value) => ({ value, label: t.waits[value] }))}
        />
        {send.isError && (
          <Alert color="red" variant="light" role="alert">
            <FaultText error={send.error} />
          </Alert>
        )}
        <Button type="submit" loading={send.isPending}>
          {t.submit}
        </Button>
        <Text size="xs" className="quiet" role="status">
          {send.isSuccess ? t.accepted(send.data) : model === null ? t.noModel : ""}
        </Text>
      </Stack>
    </form>
  )
}

const firstOf = (data: Field["data"] | undefined): string =>
  data?.dataType === "ENUM" ? (Object.keys(data.values)[0] ?? "") : data?.dataType === "BOOL" ? "false" : ""
