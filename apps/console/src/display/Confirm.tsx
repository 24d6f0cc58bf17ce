import { Alert, Button, Group, Stack } from "@mantine/core"
import type { ReactNode } from "react"
import { Dialog } from "./Dialog.tsx"
import { useText } from "../language/Language.tsx"
import { FaultText } from "./FaultText.tsx"

/** Asks before something is done, and stays open where it was refused. */
export const Confirm = ({
  action,
  children,
  danger = false,
  error,
  onClose,
  onConfirm,
  pending,
  title
}: {
  readonly title: string
  readonly action: string
  readonly children: ReactNode
  readonly danger?: boolean
  readonly pending: boolean
  readonly error: unknown
  readonly onClose: () => void
  readonly onConfirm: () => void
}) => {
  const t = useText().dialog
  return (
    <Dialog onClose={onClose} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          onConfirm()
        }}
      >
        <Stack>
          {children}
          {error !== null && error !== undefined && (
            <Alert color="red" variant="light" role="alert">
              <FaultText error={error} />
            </Alert>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t.cancel}
            </Button>
            <Button type="submit" {...(danger ? { color: "red" } : {})} loading={pending}>
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  )
}
