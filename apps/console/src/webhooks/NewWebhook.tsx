import { Alert, Button, Checkbox, Group, NativeSelect, Stack } from "@mantine/core"
import { IconKey } from "@tabler/icons-react"
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { Dialog } from "../display/Dialog.tsx"
import { bodyOf, registry } from "../api/client.ts"
import { Confirm } from "../display/Confirm.tsx"
import { CopyLine } from "../display/CopyLine.tsx"
import { TextField } from "../display/TextField.tsx"
import { productsQuery } from "../fleet/fleetQueries.ts"
import { useText } from "../language/Language.tsx"
import { webhooksKey } from "./webhookQueries.ts"

const kindsOfEvents = ["uplink", "presence", "command"] as const
type Kind = (typeof kindsOfEvents)[number]

/** The secret that signs deliveries is told once. */
export const NewWebhook = ({ onClose }: { readonly onClose: () => void }) => {
  const text = useText()
  const t = text.webhooks
  const client = useQueryClient()
  const products = useQuery(productsQuery).data ?? []
  const [url, setUrl] = useState("https://")
  const [kinds, setKinds] = useState<ReadonlyArray<Kind>>(["uplink"])
  const [productKey, setProduct] = useState("")
  const create = useMutation({
    mutationFn: () =>
      bodyOf(
        registry.POST("/v1/webhooks", {
          body: { url: url.trim(), kinds: [...kinds], ...(productKey === "" ? {} : { productKey }) }
        })
      ),
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
    <Confirm
      title={t.add}
      action={t.create}
      pending={create.isPending}
      error={create.error}
      onClose={onClose}
      onConfirm={() => create.mutate()}
    >
      <TextField label={t.url} value={url} onChange={setUrl} required focused technical />
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
