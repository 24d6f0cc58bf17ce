import { useSyncExternalStore } from "react"
import { useLocale } from "../language/Language.tsx"
import { agoText, fullTime } from "./times.ts"

/** One clock for all times of a page. Milliseconds. */
const tickMillis = 1_000
let now = Date.now()
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  now = Date.now()
  timer ??= setInterval(() => {
    now = Date.now()
    for (const each of listeners) each()
  }, tickMillis)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** Now, as of the last second. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => now)

/** How long ago something was; the time itself, in the reader's zone, is a hover away. */
export const Ago = ({ at }: { readonly at: number }) => {
  const locale = useLocale()
  return (
    <time dateTime={new Date(at).toISOString()} title={fullTime(at, locale)}>
      {agoText(at, useNow(), locale)}
    </time>
  )
}
