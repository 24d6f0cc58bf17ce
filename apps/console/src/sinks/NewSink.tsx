import { Checkbox, Group, NativeSelect } from "@mantine/core"
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { bodyOf, registry } from "../api/client.ts"
import { Confirm } from "../display/Confirm.tsx"
import { TextField } from "../display/TextField.tsx"
import { productsQuery } from "../fleet/fleetQueries.ts"
import { useText } from "../language/Language.tsx"
import { sinksKey } from "./sinkQueries.ts"

const kindsOfEvents = ["uplink", "presence", "command", "log"] as const
type Kind = (typeof kindsOfEvents)[number]

/** The address says whether it is a database or a broker. */
export const NewSink = ({ onClose }: { readonly onClose: () => void }) => {
  const text = useText()
  const t = text.sinks
  const client = useQueryClient()
  const products = useQuery(productsQuery).data ?? []
  const [name, setName] = useState("")
  const [url, setUrl] = useState("postgres://")
  const [password, setPassword] = useState("")
  const [kinds, setKinds] = useState<ReadonlyArray<Kind>>(["uplink"])
  const [productKey, setProduct] = useState("")
  const create = useMutation({
    mutationFn: () => {
      const type = url.trim().startsWith("postgres") ? ("postgres" as const) : ("mqtt" as const)
      const target = { type, url: url.trim(), ...(password === "" ? {} : { password }) }
      const of = productKey === "" ? {} : { productKey }
      return bodyOf(registry.POST("/v1/sinks", { body: { name: name.trim(), kinds: [...kinds], target, ...of } }))
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: sinksKey })
      onClose()
    }
  })
  return (
    <Confirm
      title={t.add}
      action={t.create}
      pending={create.isPending}
      error={create.error}
      onClose={onClose}
      onConfirm={() => create.mutate()}
    >
      <TextField label={t.name} value={name} onChange={setName} required focused />
      <TextField label={t.target} description={t.targetHint} value={url} onChange={setUrl} required technical />
      <TextField label={t.password} description={t.passwordHint} value={password} onChange={setPassword} secret />
      <Checkbox.Group label={t.kinds} value={[...kinds]} onChange={(value) => setKinds(value as Array<Kind>)}>
        <Group mt={6}>
          {kindsOfEvents.map((kind) => (
            <Checkbox key={kind} value={kind} label={t.kindNames[kind]} />
          ))}
        </Group>
      </Checkbox.Group>
      <NativeSelect
        label={t.of}
        value={productKey}
        onChange={(event) => setProduct(event.currentTarget.value)}
        data={[
          { value: "", label: t.all },
          ...products.map((product) => ({ value: product.productKey, label: product.productName }))
        ]}
      />
    </Confirm>
  )
}
