import { setTimeout as sleep } from "node:timers/promises"

/** Ends early, and without an error, by the signal. */
export const pause = (millis: number, signal: AbortSignal): Promise<void> =>
  sleep(Math.max(0, millis), undefined, { signal }).catch(() => {})
