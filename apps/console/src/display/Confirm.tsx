import { Alert, Button, Group, Modal, Stack } from "@mantine/core"
import type { ReactNode } from "react"
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
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ "aria-label": t.close }}>
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
    </Modal>
  )
}
