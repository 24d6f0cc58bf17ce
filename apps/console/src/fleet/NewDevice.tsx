import { Button, Group } from "@mantine/core"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { useNavigate } from "@tanstack/react-router"
import { useState } from "react"
import { Confirm } from "../display/Confirm.tsx"
import { Dialog } from "../display/Dialog.tsx"
import { bodyOf, registry } from "../api/client.ts"
import { TextField } from "../display/TextField.tsx"
import { useText } from "../language/Language.tsx"
import { ConnectDevice } from "./ConnectDevice.tsx"
import { devicesKey } from "./fleetQueries.ts"
import { ProductSelect } from "./ProductSelect.tsx"

/** Registers a device, and says then how it connects: the secret is told once. */
export const NewDevice = ({
  onClose,
  onNewProduct,
  productKey: chosen
}: {
  readonly productKey: string | undefined
  readonly onClose: () => void
  readonly onNewProduct: () => void
}) => {
  const text = useText()
  const t = text.newDevice
  const client = useQueryClient()
  const navigate = useNavigate()
  const [productKey, setProduct] = useState<string | null>(chosen ?? null)
  const [deviceKey, setKey] = useState("")
  const [deviceName, setName] = useState("")
  const [deviceSecret, setSecret] = useState("")
  const create = useMutation({
    mutationFn: () =>
      bodyOf(
        registry.POST("/v1/products/{productKey}/devices", {
          params: { path: { productKey: productKey ?? "" } },
          body: {
            deviceKey: deviceKey.trim(),
            ...(deviceName.trim() === "" ? {} : { deviceName: deviceName.trim() }),
            ...(deviceSecret === "" ? {} : { deviceSecret })
          }
        })
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: devicesKey })
  })
  const made = create.data
  if (made) {
    return (
      <Dialog size="xl" onClose={onClose} title={t.credentials(made.deviceKey)}>
        <ConnectDevice credential={made} />
        <Group justify="flex-end" mt="lg">
          <Button
            variant="default"
            onClick={() =>
              void navigate({
                to: "/devices/$productKey/$deviceKey",
                params: { productKey: made.productKey, deviceKey: made.deviceKey }
              })
            }
          >
            {t.openDevice}
          </Button>
          <Button onClick={onClose}>{text.dialog.done}</Button>
        </Group>
      </Dialog>
    )
  }
  return (
    <Confirm title={t.title} action={t.create} disabled={productKey === null} doing={create} onClose={onClose}>
      <ProductSelect value={productKey} onChange={setProduct} onNewProduct={onNewProduct} />
      <TextField label={t.key} description={t.keyHint} value={deviceKey} onChange={setKey} required technical />
      <TextField label={t.name} description={t.nameHint} value={deviceName} onChange={setName} maxLength={200} />
      <TextField label={t.secret} description={t.secretHint} value={deviceSecret} onChange={setSecret} technical />
    </Confirm>
  )
}
