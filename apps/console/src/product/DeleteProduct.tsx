import { Checkbox, Text } from "@mantine/core"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { useNavigate } from "@tanstack/react-router"
import { useState } from "react"
import { registry } from "../api/client.ts"
import { Confirm } from "../display/Confirm.tsx"
import { productsKey } from "../fleet/fleetQueries.ts"
import { useText } from "../language/Language.tsx"
import type { ShownProduct } from "./productQueries.ts"

export const DeleteProduct = ({
  onClose,
  product: { productKey, productName }
}: {
  readonly product: ShownProduct
  readonly onClose: () => void
}) => {
  const text = useText()
  const t = text.products
  const client = useQueryClient()
  const navigate = useNavigate()
  const [force, setForce] = useState(false)
  const remove = useMutation({
    mutationFn: () =>
      registry.DELETE("/v1/products/{productKey}", {
        params: { path: { productKey }, query: force ? { force: "true" as never } : {} }
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: productsKey })
      void navigate({ to: "/products", replace: true })
    }
  })
  return (
    <Confirm title={t.deleteTitle(productName)} action={text.dialog.delete} danger doing={remove} onClose={onClose}>
      <Text>{t.deleteBody}</Text>
      <Checkbox label={t.force} checked={force} onChange={(event) => setForce(event.currentTarget.checked)} />
    </Confirm>
  )
}
