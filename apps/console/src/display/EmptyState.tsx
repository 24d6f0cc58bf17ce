import { Stack, Text, Title } from "@mantine/core"
import type { ReactNode } from "react"

/** Why there is nothing here, and what to do about it. */
export const EmptyState = ({
  children,
  icon,
  title,
  action
}: {
  readonly title: string
  readonly icon?: ReactNode
  readonly children?: ReactNode
  readonly action?: ReactNode
}) => (
  <Stack align="center" gap="xs" py={56} px="md" ta="center">
    {icon && <div className="quiet">{icon}</div>}
    <Title order={3} size="h4">
      {title}
    </Title>
    {children && (
      <Text className="quiet" maw={460} component="div">
        {children}
      </Text>
    )}
    {action && <div style={{ marginTop: 12 }}>{action}</div>}
  </Stack>
)
