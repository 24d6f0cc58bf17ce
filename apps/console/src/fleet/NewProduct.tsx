import { Radio, Stack, Switch } from "@mantine/core"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { Confirm } from "../display/Confirm.tsx"
import { bodyOf, registry } from "../api/client.ts"
import { TextField } from "../display/TextField.tsx"
import { useText } from "../language/Language.tsx"
import { productsKey } from "./fleetQueries.ts"

/** `onDone`: the product is there, and its first device may be made. */
export const NewProduct = ({
  onClose,
  onDone
}: {
  readonly onClose: () => void
  readonly onDone?: (productKey: string) => void
}) => {
  const t = useText().newProduct
  const client = useQueryClient()
  const [productName, setName] = useState("")
  const [productKey, setKey] = useState("")
  const [dataFormat, setFormat] = useState<"Json" | "Custom">("Json")
  const [dynamicActivateEnabled, setDynamic] = useState(false)
  const create = useMutation({
    mutationFn: () =>
      bodyOf(
        registry.POST("/v1/products", {
          body: {
            productName: productName.trim(),
            dataFormat,
            dynamicActivateEnabled,
            ...(productKey.trim() === "" ? {} : { productKey: productKey.trim() })
          }
        })
      ),
    onSuccess: async (product) => {
      await client.invalidateQueries({ queryKey: productsKey })
      if (onDone === undefined) onClose()
      else onDone(product.productKey)
    }
  })
  return (
    <Confirm title={t.title} action={t.create} doing={create} onClose={onClose}>
      <TextField
        label={t.name}
        description={t.nameHint}
        value={productName}
        onChange={setName}
        required
        maxLength={200}
        focused
      />
      <TextField label={t.key} description={t.keyHint} value={productKey} onChange={setKey} technical />
      <Radio.Group label={t.format} value={dataFormat} onChange={(value) => setFormat(value as "Json" | "Custom")}>
        <Stack gap={8} mt={6}>
          <Radio value="Json" label={t.json} />
          <Radio value="Custom" label={t.custom} />
        </Stack>
      </Radio.Group>
      <Switch
        label={t.dynamic}
        description={t.dynamicHint}
        checked={dynamicActivateEnabled}
        onChange={(event) => setDynamic(event.currentTarget.checked)}
      />
    </Confirm>
  )
}
