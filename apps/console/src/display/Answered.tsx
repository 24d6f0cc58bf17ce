import { Loader } from "@mantine/core"
import type { ReactNode } from "react"
import { useText } from "../language/Language.tsx"
import { FaultPanel } from "./FaultPanel.tsx"

/** What became of a question to the API: its fault, a sign that it is still being asked, or what `children` make of the answer. */
export const Answered = <A,>({
  children,
  of,
  small = false
}: {
  readonly of: {
    readonly data: A | undefined
    readonly error: unknown
    readonly isError: boolean
    readonly refetch: () => unknown
  }
  /** Of a part of a page. */
  readonly small?: boolean
  readonly children: (answer: A) => ReactNode
}) => {
  const text = useText()
  if (of.isError) return <FaultPanel error={of.error} again={() => void of.refetch()} />
  if (of.data === undefined) return <Loader {...(small ? { size: "sm" } : {})} aria-label={text.app.loading} />
  return children(of.data)
}
