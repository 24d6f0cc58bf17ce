import { Button, Group } from "@mantine/core"
import { IconSearchOff, IconSeedling } from "@tabler/icons-react"
import { EmptyState } from "../display/EmptyState.tsx"
import { useText } from "../language/Language.tsx"

/** Nothing matches, or nothing is there yet: two things, with two ways on. */
export const NoDevices = ({
  filtered,
  onClear,
  onNewDevice,
  onNewProduct
}: {
  readonly filtered: boolean
  readonly onClear: () => void
  readonly onNewDevice: () => void
  readonly onNewProduct: () => void
}) => {
  const t = useText().fleet
  return filtered ? (
    <EmptyState
      icon={<IconSearchOff size={36} stroke={1.4} />}
      title={t.nothingFound}
      action={
        <Button variant="default" onClick={onClear}>
          {t.clearFilters}
        </Button>
      }
    >
      {t.nothingFoundBody}
    </EmptyState>
  ) : (
    <EmptyState
      icon={<IconSeedling size={36} stroke={1.4} />}
      title={t.none}
      action={
        <Group gap="xs" justify="center">
          <Button variant="default" onClick={onNewProduct}>
            {t.newProduct}
          </Button>
          <Button onClick={onNewDevice}>{t.addDevice}</Button>
        </Group>
      }
    >
      {t.noneBody}
    </EmptyState>
  )
}
