import { useState } from "react"
import { bodyOf, registry } from "../api/client.ts"
import { Confirm } from "../display/Confirm.tsx"
import { TextField } from "../display/TextField.tsx"
import { useText } from "../language/Language.tsx"
import { type Device, paramsOf } from "./deviceQueries.ts"
import { useDeviceChange } from "./useDeviceChange.ts"

export const RenameDevice = ({ device, onClose }: { readonly device: Device; readonly onClose: () => void }) => {
  const text = useText()
  const t = text.device.actions
  const [deviceName, setName] = useState(device.deviceName)
  const rename = () =>
    bodyOf(
      registry.PATCH("/v1/products/{productKey}/devices/{deviceKey}", {
        params: paramsOf(device),
        body: { deviceName: deviceName.trim() }
      })
    )
  const change = useDeviceChange(device, rename, onClose)
  return (
    <Confirm title={t.renameTitle} action={text.dialog.save} doing={change} onClose={onClose}>
      <TextField label={text.newDevice.name} value={deviceName} onChange={setName} required maxLength={200} focused />
    </Confirm>
  )
}
