import { Alert } from "@mantine/core"
import { FaultText } from "./FaultText.tsx"

/** Beside what was refused: why, and what to do. Nothing while nothing was. */
export const Fault = ({ of, title }: { readonly of: unknown; readonly title?: string }) =>
  of === null || of === undefined ? null : (
    <Alert color="red" variant="light" role="alert" {...(title === undefined ? {} : { title })}>
      <FaultText error={of} />
    </Alert>
  )
