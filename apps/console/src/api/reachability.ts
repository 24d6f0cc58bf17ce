import { useSyncExternalStore } from "react"

/** Whether the registry answered last. A page that shows what it knew before says so. */
let reachable = true
const listeners = new Set<() => void>()

export const noteReachable = (now: boolean): void => {
  if (now === reachable) return
  reachable = now
  for (const listener of listeners) listener()
}

export const subscribeReachable = (listener: () => void): (() => void) => {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

export const isReachable = (): boolean => reachable

export const useReachable = (): boolean => useSyncExternalStore(subscribeReachable, isReachable)
