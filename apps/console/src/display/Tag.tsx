import type { ReactNode } from "react"
import classes from "./Tag.module.css"

export type Tone = "good" | "odd" | "bad" | "plain"

/** A state in a word, with a colour that can be read on it. */
export const Tag = ({ children, tone = "plain" }: { readonly children: ReactNode; readonly tone?: Tone }) => (
  <span className={classes.tag} data-tone={tone}>
    {children}
  </span>
)
