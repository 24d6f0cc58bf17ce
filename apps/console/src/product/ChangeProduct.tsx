import { NativeSelect, Switch } from "@mantine/core"
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { bodyOf, registry } from "../api/client.ts"
import { Confirm } from "../display/Confirm.tsx"
import { TextField } from "../display/TextField.tsx"
import { productsKey } from "../fleet/fleetQueries.ts"
import { useText } from "../language/Language.tsx"
import { modelsQuery, productKeyOf, type ShownProduct } from "./productQueries.ts"

/** The settings of a product that can change; the rest is built into its devices. */
export const ChangeProduct = ({
  onClose,
  product
}: {
  readonly product: ShownProduct
  readonly onClose: () => void
}) => {
  const text = useText()
  const t = text.products
  const client = useQueryClient()
  const models = useQuery(modelsQuery).data ?? []
  const [productName, setName] = useState(product.productName)
  const [modelId, setModel] = useState(product.modelId ?? "")
  const [dynamicActivateEnabled, setDynamic] = useState(product.dynamicActivateEnabled)
  const [closeNotify, setCloseNotify] = useState(product.closeNotify ?? "lifetime")
  const { productKey } = product
  const change = useMutation({
    mutationFn: () =>
      bodyOf(
        registry.PATCH("/v1/products/{productKey}", {
          params: { path: { productKey } },
          body: {
            productName: productName.trim(),
            dynamicActivateEnabled,
            closeNotify,
            modelId: modelId === "" ? null : modelId
          }
        })
      ),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: productKeyOf(productKey) })
      await client.invalidateQueries({ queryKey: productsKey })
      onClose()
    }
  })
  return (
    <Confirm title={t.changeTitle} action={text.dialog.save} doing={change} onClose={onClose}>
      <TextField label={t.name} value={productName} onChange={setName} required maxLength={200} focused />
      <NativeSelect
        label={t.model}
        value={modelId}
        onChange={(event) => setModel(event.currentTarget.value)}
        data={[
          { value: "", label: t.noModelLong },
          ...models.map((model) => ({ value: model.modelId, label: model.modelId }))
        ]}
      />
      <NativeSelect
        label={t.closeNotify}
        value={closeNotify}
        onChange={(event) => setCloseNotify(event.currentTarget.value as "lifetime" | "offline")}
        data={(["lifetime", "offline"] as const).map((value) => ({ value, label: t.closeNotifies[value] }))}
      />
      <Switch
        label={text.newProduct.dynamic}
        description={text.newProduct.dynamicHint}
        checked={dynamicActivateEnabled}
        onChange={(event) => setDynamic(event.currentTarget.checked)}
      />
    </Confirm>
  )
}
