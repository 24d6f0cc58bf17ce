import type { ReactNode } from "react"

/** A form that the page sends by itself, when its button is pressed or Enter. */
export const Form = ({
  children,
  className,
  onSubmit
}: {
  readonly onSubmit: () => void
  readonly className?: string | undefined
  readonly children: ReactNode
}) => (
  <form
    className={className}
    onSubmit={(event) => {
      event.preventDefault()
      onSubmit()
    }}
  >
    {children}
  </form>
)
