import { useLocale } from "../language/Language.tsx"
import { fullTime, rowTime } from "./times.ts"

/** A time in a row: today's without the day. The whole of it, with the reader's zone, is a hover away. */
export const RowTime = ({ at, className = "mono" }: { readonly at: number; readonly className?: string }) => {
  const locale = useLocale()
  return (
    <time className={className} dateTime={new Date(at).toISOString()} title={fullTime(at, locale)}>
      {rowTime(at, locale)}
    </time>
  )
}
