import { Button, Group, Stack } from "@mantine/core"
import type { ReactNode } from "react"
import { Dialog } from "./Dialog.tsx"
import { Fault } from "./Fault.tsx"
import { useText } from "../language/Language.tsx"

/** Every form in a dialog, and every question before something is done. It stays open where it was refused. */
export const Confirm = ({
  action,
  children,
  danger = false,
  disabled = false,
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
  /** A lack that the browser can't see. */
  readonly disabled?: boolean
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
          <Fault of={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose} {...(danger ? { "data-autofocus": true } : {})}>
              {t.cancel}
            </Button>
            <Button type="submit" {...(danger ? { color: "red" } : {})} loading={pending} disabled={disabled}>
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  )
}
