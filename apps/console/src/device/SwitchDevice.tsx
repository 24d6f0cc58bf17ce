import { Text } from "@mantine/core"
import { bodyOf, registry } from "../api/client.ts"
import { Confirm } from "../display/Confirm.tsx"
import { useText } from "../language/Language.tsx"
import { type Device, paramsOf } from "./deviceQueries.ts"
import { useDeviceChange } from "./useDeviceChange.ts"

/** Keeps a device out, or lets it in again. */
export const SwitchDevice = ({ device, onClose }: { readonly device: Device; readonly onClose: () => void }) => {
  const t = useText().device.actions
  const disabled = device.status === "disabled"
  const options = { params: paramsOf(device) }
  const toggle = () =>
    bodyOf(
      disabled
        ? registry.POST("/v1/products/{productKey}/devices/{deviceKey}:enable", options)
        : registry.POST("/v1/products/{productKey}/devices/{deviceKey}:disable", options)
    )
  const change = useDeviceChange(device, toggle, onClose)
  return (
    <Confirm
      title={disabled ? t.enableTitle(device.deviceName) : t.disableTitle(device.deviceName)}
      action={disabled ? t.enable : t.disable}
      danger={!disabled}
      doing={change}
      onClose={onClose}
    >
      <Text>{disabled ? t.enableBody : t.disableBody}</Text>
    </Confirm>
  )
}
