import { Title } from "@mantine/core"
import type { ReactNode } from "react"
import classes from "./Panel.module.css"

/** A part of a page with a name of its own. */
export const Panel = ({
  actions,
  children,
  title
}: {
  readonly title: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
}) => (
  <section className="panel">
    <div className={classes.head}>
      <Title order={2} size="h5">
        {title}
      </Title>
      {actions}
    </div>
    <div className={classes.body}>{children}</div>
  </section>
)
