import { useText } from "../language/Language.tsx"
import classes from "./StatusMark.module.css"

export const deviceStatuses = ["online", "offline", "inactive", "disabled"] as const
export type DeviceStatus = (typeof deviceStatuses)[number]

/** A device's state by shape, colour and word: nobody has to tell colours apart. */
export const StatusMark = ({ status, word = true }: { readonly status: DeviceStatus; readonly word?: boolean }) => {
  const t = useText().status
  return (
    <span className={classes.mark} data-status={status}>
      <span className={classes.dot} aria-hidden />
      {word ? t[status] : <span className={classes.hidden}>{t[status]}</span>}
    </span>
  )
}
