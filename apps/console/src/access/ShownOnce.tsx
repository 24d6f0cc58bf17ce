import { Alert, Button, Group, Stack } from "@mantine/core"
import { IconKey } from "@tabler/icons-react"
import { CopyLine } from "../display/CopyLine.tsx"
import { Dialog } from "../display/Dialog.tsx"
import { useText } from "../language/Language.tsx"

/** A secret that nobody can read again. */
export const ShownOnce = ({
  label,
  onClose,
  secret,
  title
}: {
  readonly title: string
  readonly label: string
  readonly secret: string
  readonly onClose: () => void
}) => {
  const text = useText()
  return (
    <Dialog onClose={onClose} title={title}>
      <Stack>
        <Alert icon={<IconKey size={18} />} color="yellow" variant="light">
          {text.access.secretOnce}
        </Alert>
        <CopyLine text={secret} label={label} />
        <Group justify="flex-end">
          <Button onClick={onClose}>{text.dialog.done}</Button>
        </Group>
      </Stack>
    </Dialog>
  )
}
