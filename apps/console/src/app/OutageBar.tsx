import { Loader } from "@mantine/core"
import { useReachable } from "../api/reachability.ts"
import { useText } from "../language/Language.tsx"
import classes from "./OutageBar.module.css"

/** Says that what is shown may be old, and that nobody has to do anything. */
export const OutageBar = () => {
  const t = useText().app
  const reachable = useReachable()
  return (
    <div role="status" aria-live="polite">
      {!reachable && (
        <div className={classes.bar}>
          <Loader size={14} color="currentcolor" />
          {t.away}
        </div>
      )}
    </div>
  )
}
