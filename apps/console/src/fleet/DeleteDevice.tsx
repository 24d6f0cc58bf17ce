import { Alert, Button, Group, Stack, Text } from "@mantine/core"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { Dialog } from "../display/Dialog.tsx"
import { registry } from "../api/client.ts"
import { FaultText } from "../display/FaultText.tsx"
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
    <Dialog onClose={onClose} title={t.deleteTitle(deviceName)}>
      <Stack>
        <Text>{t.deleteBody}</Text>
        {remove.isError && (
          <Alert color="red" variant="light" role="alert">
            <FaultText error={remove.error} />
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {text.dialog.cancel}
          </Button>
          <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
            {text.dialog.delete}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  )
}
