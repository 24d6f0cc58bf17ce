import { useMutation, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { bodyOf, registry } from "../api/client.ts"
import { Confirm } from "../display/Confirm.tsx"
import { TextField } from "../display/TextField.tsx"
import { devicesKey } from "../fleet/fleetQueries.ts"
import { useText } from "../language/Language.tsx"
import { type Device, keyOf } from "./deviceQueries.ts"

export const RenameDevice = ({ device, onClose }: { readonly device: Device; readonly onClose: () => void }) => {
  const text = useText()
  const t = text.device.actions
  const client = useQueryClient()
  const [deviceName, setName] = useState(device.deviceName)
  const { deviceKey, productKey } = device
  const change = useMutation({
    mutationFn: () =>
      bodyOf(
        registry.PATCH("/v1/products/{productKey}/devices/{deviceKey}", {
          params: { path: { productKey, deviceKey } },
          body: { deviceName: deviceName.trim() }
        })
      ),
    onSuccess: (changed) => {
      client.setQueryData(keyOf(device), changed)
      void client.invalidateQueries({ queryKey: devicesKey })
      onClose()
    }
  })
  return (
    <Confirm
      title={t.renameTitle}
      action={text.dialog.save}
      pending={change.isPending}
      error={change.error}
      onClose={onClose}
      onConfirm={() => change.mutate()}
    >
      <TextField label={text.newDevice.name} value={deviceName} onChange={setName} required maxLength={200} focused />
    </Confirm>
  )
}
