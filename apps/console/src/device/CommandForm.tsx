import { Button, NativeSelect, Stack, Text } from "@mantine/core"
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { Fault } from "../display/Fault.tsx"
import { TextField } from "../display/TextField.tsx"
import { useText } from "../language/Language.tsx"
import { productQuery } from "../product/productQueries.ts"
import {
  bytesOfHex,
  type Field,
  fieldValue,
  firmwareFields,
  type Firmware,
  serviceInputs,
  settablePoints
} from "./commandFields.ts"
import { type Device, keyOf, productModelQuery, type ThingModel } from "./deviceQueries.ts"
import { type CommandDraft, issueCommand } from "./issueCommand.ts"
import { ValueField } from "./ValueField.tsx"

const waits = ["0", "600", "3600", "86400", "172800"] as const
type Kind = CommandDraft["kind"]

/** A command for the device: what its thing model allows, or by name where it has none. */
export const CommandForm = ({ device }: { readonly device: Device }) => {
  const t = useText().commands
  const client = useQueryClient()
  const { data: model } = useQuery(productModelQuery(device.productKey))
  const { data: product } = useQuery(productQuery(device.productKey))
  const [kind, setKind] = useState<Kind>("set")
  const [identifier, setIdentifier] = useState("")
  const [values, setValues] = useState<Readonly<Record<string, string>>>({})
  const [wait, setWait] = useState<(typeof waits)[number]>("3600")
  const [faults, setFaults] = useState<Readonly<Record<string, string>>>({})
  const send = useMutation({
    mutationFn: (draft: CommandDraft) => issueCommand(device, draft, Number(wait)),
    onSuccess: () => client.invalidateQueries({ queryKey: keyOf(device, "commands") })
  })
  if (model === undefined || product === undefined) return null
  // A product whose messages a script converts takes bytes as they are, too.
  const kinds: ReadonlyArray<Kind> = [
    "set",
    "get",
    "service",
    "upgrade",
    ...(product.dataFormat === "Custom" ? (["raw"] as const) : [])
  ]
  const isNamed = kind === "set" || kind === "get" || kind === "service"
  const names = model === null || !isNamed ? [] : namesOf(kind, model)
  const named = names.some(({ value }) => value === identifier) || model === null ? identifier : (names[0]?.value ?? "")
  const asked = ((): ReadonlyArray<AskedField> => {
    const free = { id: "value", name: kind === "service" ? t.inputs : t.value, required: true, data: undefined }
    switch (kind) {
      case "set": {
        const point = model === null ? undefined : settablePoints(model).find(({ id }) => id === named)
        return [point === undefined ? free : { ...point, name: t.value }]
      }
      case "service":
        return model === null ? [free] : serviceInputs(model, named)
      case "upgrade":
        return firmwareFields(t.firmware)
      default:
        return []
    }
  })()

  const submit = () => {
    const found: Record<string, string> = {}
    const read: Record<string, unknown> = {}
    for (const { data, id, required } of asked) {
      const text = values[id] ?? firstOf(data)
      if (text === "" && !required) continue
      const result = text === "" && kind === "upgrade" ? ({ expected: "text" } as const) : fieldValue(data, text)
      if ("expected" in result) found[id] = t.expected[result.expected]
      else read[id] = result.value
    }
    const bytes = kind === "raw" ? bytesOfHex(values["bytes"] ?? "") : undefined
    if (kind === "raw" && bytes === undefined) found["bytes"] = t.expected.hexadecimal
    setFaults(found)
    if (Object.keys(found).length > 0 || (isNamed && named === "")) return
    const only = Object.values(read)[0]
    switch (kind) {
      case "set":
        return send.mutate({ kind, identifier: named, value: only })
      case "get":
        return send.mutate({ kind, identifier: named })
      case "service":
        return send.mutate({
          kind,
          identifier: named,
          inputData: (model === null ? only : read) as Record<string, unknown>
        })
      case "upgrade":
        return send.mutate({ kind, firmware: read as unknown as Firmware })
      case "raw":
        return send.mutate({ kind, bytes: bytes! })
    }
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <Stack gap="sm">
        <NativeSelect
          label={t.kind}
          value={kind}
          onChange={(event) => {
            setKind(event.currentTarget.value as Kind)
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
            error={faults[id]}
            onChange={(value) => setValues({ ...values, [id]: value })}
          />
        ))}
        {kind === "raw" && (
          <TextField
            label={t.bytes}
            description={t.bytesHint}
            className="mono"
            value={values["bytes"] ?? ""}
            error={faults["bytes"]}
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
    </form>
  )
}

type AskedField = Omit<Field, "data"> & { readonly data: Field["data"] | undefined }

const namesOf = (kind: "set" | "get" | "service", model: ThingModel) => {
  switch (kind) {
    case "set":
      return settablePoints(model).map(({ id, name }) => option(id, name))
    case "get":
      return Object.entries(model.measurepoints).map(([id, { name }]) => option(id, name))
    case "service":
      return Object.entries(model.services).map(([id, { name }]) => option(id, name))
  }
}

const option = (value: string, name = value) => ({ value, label: name === value ? value : `${name} (${value})` })

const firstOf = (data: Field["data"] | undefined): string =>
  data?.dataType === "ENUM" ? (Object.keys(data.values)[0] ?? "") : data?.dataType === "BOOL" ? "false" : ""
