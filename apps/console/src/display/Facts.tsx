import type { ReactNode } from "react"
import classes from "./Facts.module.css"

/** Names and what they are, one below the other. */
export const Facts = ({ rows }: { readonly rows: ReadonlyArray<readonly [name: string, value: ReactNode]> }) => (
  <dl className={classes.facts}>
    {rows.map(([name, value]) => (
      <div key={name} className={classes.row}>
        <dt className="quiet">{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
)
