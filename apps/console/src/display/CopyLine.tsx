import { ActionIcon, CopyButton, Tooltip } from "@mantine/core"
import { IconCheck, IconCopy } from "@tabler/icons-react"
import { useText } from "../language/Language.tsx"
import classes from "./CopyLine.module.css"

/** A text to paste elsewhere, with a button that copies it. */
export const CopyLine = ({ label, text }: { readonly text: string; readonly label?: string }) => {
  const t = useText().copy
  return (
    <div className={classes.line}>
      {/* It scrolls, so the keyboard must be able to come to it. */}
      <pre className={classes.text} tabIndex={0} aria-label={label}>
        {text}
      </pre>
      <CopyButton value={text} timeout={1500}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? t.copied : t.copy}>
            <ActionIcon
              variant="subtle"
              color={copied ? "teal" : "gray"}
              onClick={copy}
              aria-label={label === undefined ? t.copy : `${t.copy}: ${label}`}
            >
              {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </div>
  )
}
