import { Text } from "@mantine/core"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { bodyOf, registry } from "../api/client.ts"
import { Confirm } from "../display/Confirm.tsx"
import { devicesKey } from "../fleet/fleetQueries.ts"
import { useText } from "../language/Language.tsx"
import { type Device, keyOf } from "./deviceQueries.ts"

/** Keeps a device out, or lets it in again. */
export const SwitchDevice = ({ device, onClose }: { readonly device: Device; readonly onClose: () => void }) => {
  const t = useText().device.actions
  const client = useQueryClient()
  const { deviceKey, productKey } = device
  const disabled = device.status === "disabled"
  const change = useMutation({
    mutationFn: () => {
      const options = { params: { path: { productKey, deviceKey } } }
      return bodyOf(
        disabled
          ? registry.POST("/v1/products/{productKey}/devices/{deviceKey}:enable", options)
          : registry.POST("/v1/products/{productKey}/devices/{deviceKey}:disable", options)
      )
    },
    onSuccess: (changed) => {
      client.setQueryData(keyOf(device), changed)
      void client.invalidateQueries({ queryKey: devicesKey })
      onClose()
    }
  })
  return (
    <Confirm
      title={disabled ? t.enableTitle(device.deviceName) : t.disableTitle(device.deviceName)}
      action={disabled ? t.enable : t.disable}
      danger={!disabled}
      pending={change.isPending}
      error={change.error}
      onClose={onClose}
      onConfirm={() => change.mutate()}
    >
      <Text>{disabled ? t.enableBody : t.disableBody}</Text>
    </Confirm>
  )
}
