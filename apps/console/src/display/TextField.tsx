import { PasswordInput, TextInput, type TextInputProps } from "@mantine/core"

type Shown = Pick<
  TextInputProps,
  | "aria-label"
  | "className"
  | "description"
  | "error"
  | "inputMode"
  | "label"
  | "leftSection"
  | "maxLength"
  | "minLength"
  | "placeholder"
  | "size"
>

/** One line of text in a form. `technical`: a key, an address and the like, which no browser corrects or completes. */
export const TextField = ({
  completedAs,
  focused = false,
  onChange,
  required = false,
  secret = false,
  technical = false,
  value,
  ...shown
}: Shown & {
  readonly value: string
  readonly onChange: (text: string) => void
  readonly required?: boolean
  readonly technical?: boolean
  /** Typed unseen. */
  readonly secret?: boolean
  /** The browser's name for what it may fill in. */
  readonly completedAs?: "username" | "current-password" | "new-password"
  /** Has the keyboard when its form opens. */
  readonly focused?: boolean
}) => {
  const Input = secret ? PasswordInput : TextInput
  const autoComplete = completedAs ?? (technical || secret ? "off" : undefined)
  return (
    <Input
      {...shown}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      required={required}
      // Nearly all are: those that are not say so in their hint.
      withAsterisk={false}
      {...(technical ? { spellCheck: false } : {})}
      {...(autoComplete === undefined ? {} : { autoComplete })}
      {...(focused ? { "data-autofocus": true, autoFocus: true } : {})}
    />
  )
}
