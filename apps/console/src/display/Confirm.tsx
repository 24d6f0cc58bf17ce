import { Button, Group, Stack } from "@mantine/core"
import type { UseMutationResult } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { Dialog } from "./Dialog.tsx"
import { Fault } from "./Fault.tsx"
import { Form } from "./Form.tsx"
import { useText } from "../language/Language.tsx"

/** Every form in a dialog, and every question before something is done. It stays open where it was refused. */
export const Confirm = ({
  action,
  children,
  danger = false,
  disabled = false,
  doing,
  onClose,
  title
}: {
  readonly title: string
  readonly action: string
  readonly children: ReactNode
  readonly danger?: boolean
  /** A lack that the browser can't see. */
  readonly disabled?: boolean
  /** What is done when it is confirmed. */
  readonly doing: Pick<UseMutationResult<unknown, unknown, void>, "error" | "isPending" | "mutate">
  readonly onClose: () => void
}) => {
  const t = useText().dialog
  return (
    <Dialog onClose={onClose} title={title}>
      <Form onSubmit={() => doing.mutate()}>
        <Stack>
          {children}
          <Fault of={doing.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose} {...(danger ? { "data-autofocus": true } : {})}>
              {t.cancel}
            </Button>
            <Button type="submit" {...(danger ? { color: "red" } : {})} loading={doing.isPending} disabled={disabled}>
              {action}
            </Button>
          </Group>
        </Stack>
      </Form>
    </Dialog>
  )
}
