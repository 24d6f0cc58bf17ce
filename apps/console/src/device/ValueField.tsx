import { NativeSelect, SegmentedControl, Input, Textarea, TextInput } from "@mantine/core"
import { useText } from "../language/Language.tsx"
import type { DataType } from "./commandFields.ts"

/** Asks for one value in the way that its type asks for: a choice, yes or no, a number, a text, JSON. */
export const ValueField = ({
  data,
  error,
  label,
  onChange,
  value
}: {
  readonly label: string
  readonly data: DataType | undefined
  readonly value: string
  readonly error?: string | undefined
  readonly onChange: (value: string) => void
}) => {
  const t = useText().commands
  switch (data?.dataType) {
    case "BOOL":
      return (
        <Input.Wrapper label={label} labelElement="div">
          <SegmentedControl
            fullWidth
            aria-label={label}
            value={value === "true" ? "true" : "false"}
            onChange={onChange}
            data={[
              { value: "true", label: t.true },
              { value: "false", label: t.false }
            ]}
          />
        </Input.Wrapper>
      )
    case "ENUM":
      return (
        <NativeSelect
          label={label}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
          data={Object.entries(data.values as Readonly<Record<string, string>>).map(([key, meaning]) => ({
            value: key,
            label: meaning === "" || meaning === key ? key : `${meaning} (${key})`
          }))}
        />
      )
    case "ARRAY":
    case "STRUCT":
      return (
        <Textarea
          label={label}
          description={t.json}
          autosize
          minRows={3}
          value={value}
          error={error}
          onChange={(event) => onChange(event.currentTarget.value)}
          spellCheck={false}
        />
      )
    default: {
      const number = data !== undefined && ["INT", "FLOAT", "DOUBLE", "TIMESTAMP"].includes(data.dataType)
      return (
        <TextInput
          label={label}
          description={data === undefined ? t.json : undefined}
          inputMode={number ? "decimal" : "text"}
          value={value}
          error={error}
          onChange={(event) => onChange(event.currentTarget.value)}
          spellCheck={false}
          autoComplete="off"
        />
      )
    }
  }
}
