import { Group, Text, Title } from "@mantine/core"
import type { ReactNode } from "react"
import classes from "./PageHeader.module.css"

/** Where the reader is, and what can be done here. */
export const PageHeader = ({
  actions,
  lead,
  title
}: {
  readonly title: ReactNode
  readonly lead?: ReactNode
  readonly actions?: ReactNode
}) => (
  <header className={classes.header}>
    <div className={classes.titles}>
      <Title order={1} size="h2">
        {title}
      </Title>
      {lead && (
        <Text className="quiet" component="div" mt={2}>
          {lead}
        </Text>
      )}
    </div>
    {actions && <Group gap="xs">{actions}</Group>}
  </header>
)
