import { List, Text } from "@mantine/core"
import { ApiFault, Unreachable } from "../api/ApiFault.ts"
import { useText } from "../language/Language.tsx"

/** Fault and cure, as the registry says them; each fault of a request on a line of its own. */
export const FaultText = ({ error }: { readonly error: unknown }) => {
  const t = useText().faults
  if (error instanceof Unreachable) return <Text size="sm">{t.unreachable}</Text>
  if (error instanceof ApiFault && error.errors.length > 1) {
    return (
      <List size="sm">
        {error.errors.map(({ message, path }) => (
          <List.Item key={`${path.join(".")} ${message}`}>
            <span className="mono">{path.slice(1).join(".")}</span> {message}
          </List.Item>
        ))}
      </List>
    )
  }
  return <Text size="sm">{error instanceof Error ? error.message : String(error)}</Text>
}
