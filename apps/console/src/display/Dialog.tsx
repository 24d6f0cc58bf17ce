import { Modal, type ModalProps } from "@mantine/core"
import { useEffect, useState } from "react"
import { useText } from "../language/Language.tsx"

/** A dialog that is there for as long as it is rendered. The element that opened it has the keyboard again when it is gone. */
export const Dialog = (props: Omit<ModalProps, "opened">) => {
  const t = useText().dialog
  const [opener] = useState(() => document.activeElement)
  useEffect(
    () => () => {
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus()
    },
    [opener]
  )
  return <Modal opened closeButtonProps={{ "aria-label": t.close }} styles={{ title: titleStyle }} {...props} />
}

const titleStyle = { fontSize: "1.1rem", fontWeight: 650 } as const
