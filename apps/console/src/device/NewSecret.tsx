import { Button, Group, Text } from "@mantine/core"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { Dialog } from "../display/Dialog.tsx"
import { bodyOf, registry } from "../api/client.ts"
import { Confirm } from "../display/Confirm.tsx"
import { TextField } from "../display/TextField.tsx"
import { ConnectDevice } from "../fleet/ConnectDevice.tsx"
import { useText } from "../language/Language.tsx"
import { type Device, keyOf, paramsOf } from "./deviceQueries.ts"

/** A new secret for the same hardware (`rotate`) or for other hardware in its place (`replace`), told once. */
export const NewSecret = ({
  device,
  onClose,
  why
}: {
  readonly device: Device
  readonly why: "rotate" | "replace"
  readonly onClose: () => void
}) => {
  const text = useText()
  const t = text.device.actions
  const client = useQueryClient()
  const [deviceSecret, setSecret] = useState("")
  const change = useMutation({
    mutationFn: () => {
      const options = {
        params: paramsOf(device),
        body: deviceSecret === "" ? {} : { deviceSecret }
      }
      return bodyOf(
        why === "rotate"
          ? registry.POST("/v1/products/{productKey}/devices/{deviceKey}:rotate-secret", options)
          : registry.POST("/v1/products/{productKey}/devices/{deviceKey}:replace", options)
      )
    },
    onSuccess: () => client.invalidateQueries({ queryKey: keyOf(device) })
  })
  if (change.data) {
    return (
      <Dialog size="xl" onClose={onClose} title={text.newDevice.credentials(device.deviceName)}>
        <ConnectDevice credential={change.data} />
        <Group justify="flex-end" mt="lg">
          <Button onClick={onClose}>{text.dialog.done}</Button>
        </Group>
      </Dialog>
    )
  }
  return (
    <Confirm
      title={why === "rotate" ? t.rotateTitle(device.deviceName) : t.replaceTitle(device.deviceName)}
      action={why === "rotate" ? t.rotateAction : t.replaceAction}
      danger
      doing={change}
      onClose={onClose}
    >
      <Text>{why === "rotate" ? t.rotateBody : t.replaceBody}</Text>
      <TextField
        label={text.newDevice.secret}
        description={text.newDevice.secretHint}
        value={deviceSecret}
        onChange={setSecret}
        technical
      />
    </Confirm>
  )
}
