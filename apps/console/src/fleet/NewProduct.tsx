import { Alert, Button, Group, Radio, Stack, Switch, TextInput } from "@mantine/core"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { Dialog } from "../display/Dialog.tsx"
import { bodyOf, registry } from "../api/client.ts"
import { FaultText } from "../display/FaultText.tsx"
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
  const text = useText()
  const t = text.newProduct
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
    <Dialog onClose={onClose} title={t.title}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          create.mutate()
        }}
      >
        <Stack>
          <TextInput
            label={t.name}
            description={t.nameHint}
            value={productName}
            onChange={(event) => setName(event.currentTarget.value)}
            required
            withAsterisk={false}
            maxLength={200}
            data-autofocus
          />
          <TextInput
            label={t.key}
            description={t.keyHint}
            value={productKey}
            onChange={(event) => setKey(event.currentTarget.value)}
            spellCheck={false}
            autoComplete="off"
          />
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
          {create.isError && (
            <Alert color="red" variant="light" role="alert">
              <FaultText error={create.error} />
            </Alert>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {text.dialog.cancel}
            </Button>
            <Button type="submit" loading={create.isPending}>
              {t.create}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  )
}
