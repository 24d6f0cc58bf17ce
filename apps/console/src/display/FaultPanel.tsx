import { Alert, Button, Group } from "@mantine/core"
import { IconAlertTriangle } from "@tabler/icons-react"
import { useText } from "../language/Language.tsx"
import { FaultText } from "./FaultText.tsx"

/** In place of what could not be read. */
export const FaultPanel = ({ error, again }: { readonly error: unknown; readonly again?: () => void }) => {
  const t = useText().faults
  return (
    <Alert color="red" variant="light" role="alert" icon={<IconAlertTriangle size={18} />} title={t.title}>
      <FaultText error={error} />
      {again && (
        <Group mt="sm">
          <Button size="xs" variant="default" onClick={again}>
            {t.again}
          </Button>
        </Group>
      )}
    </Alert>
  )
}
