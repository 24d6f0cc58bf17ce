import type { ReactNode } from "react"
import classes from "./Filters.module.css"

/** Fields above a list that say what of it is shown: beside each other, on a small screen below each other. */
export const Filters = ({ children }: { readonly children: ReactNode }) => (
  <div className={classes.filters}>{children}</div>
)
