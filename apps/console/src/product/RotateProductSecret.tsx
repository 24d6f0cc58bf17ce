import { NativeSelect, Text } from "@mantine/core"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { bodyOf, registry } from "../api/client.ts"
import { Confirm } from "../display/Confirm.tsx"
import { useText } from "../language/Language.tsx"
import { productKeyOf, type ShownProduct } from "./productQueries.ts"

const graces = ["0", "3600", "86400", "604800", "2592000"] as const

/** A new secret for firmware that is still to be built; devices in the field activate by the former one for the grace. */
export const RotateProductSecret = ({
  onClose,
  product: { productKey }
}: {
  readonly product: ShownProduct
  readonly onClose: () => void
}) => {
  const t = useText().products
  const client = useQueryClient()
  const [grace, setGrace] = useState<(typeof graces)[number]>("86400")
  const rotate = useMutation({
    mutationFn: () =>
      bodyOf(
        registry.POST("/v1/products/{productKey}:rotate-secret", {
          params: { path: { productKey } },
          body: { graceSeconds: Number(grace) }
        })
      ),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: productKeyOf(productKey) })
      onClose()
    }
  })
  return (
    <Confirm title={t.rotateTitle} action={t.rotateAction} danger={grace === "0"} doing={rotate} onClose={onClose}>
      <Text>{t.rotateBody}</Text>
      <NativeSelect
        label={t.grace}
        value={grace}
        onChange={(event) => setGrace(event.currentTarget.value as (typeof graces)[number])}
        data={graces.map((value) => ({ value, label: t.graces[value] }))}
      />
    </Confirm>
  )
}
