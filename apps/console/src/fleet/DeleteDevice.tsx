import { Text } from "@mantine/core"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { Confirm } from "../display/Confirm.tsx"
import { registry } from "../api/client.ts"
import { useText } from "../language/Language.tsx"
import { devicesKey } from "./fleetQueries.ts"

export const DeleteDevice = ({
  device: { deviceKey, deviceName, productKey },
  onClose,
  onDeleted
}: {
  readonly device: { readonly productKey: string; readonly deviceKey: string; readonly deviceName: string }
  readonly onClose: () => void
  readonly onDeleted?: () => void
}) => {
  const text = useText()
  const t = text.fleet
  const client = useQueryClient()
  const remove = useMutation({
    mutationFn: () =>
      registry.DELETE("/v1/products/{productKey}/devices/{deviceKey}", { params: { path: { productKey, deviceKey } } }),
    onSuccess: async () => {
      onClose()
      onDeleted?.()
      await client.invalidateQueries({ queryKey: devicesKey })
    }
  })
  return (
    <Confirm title={t.deleteTitle(deviceName)} action={text.dialog.delete} danger doing={remove} onClose={onClose}>
      <Text>{t.deleteBody}</Text>
    </Confirm>
  )
}
