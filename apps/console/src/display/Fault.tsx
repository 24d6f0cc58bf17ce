import { Alert } from "@mantine/core"
import { FaultText } from "./FaultText.tsx"

/** Beside what was refused: why, and what to do. Nothing while nothing was. */
export const Fault = ({
  apart = false,
  of,
  title
}: {
  readonly of: unknown
  readonly title?: string
  /** From what stands above it, where that is no form, whose fields have their own distance. */
  readonly apart?: boolean
}) =>
  of === null || of === undefined ? null : (
    <Alert
      color="red"
      variant="light"
      role="alert"
      {...(apart ? { mt: "sm" } : {})}
      {...(title === undefined ? {} : { title })}
    >
      <FaultText error={of} />
    </Alert>
  )
