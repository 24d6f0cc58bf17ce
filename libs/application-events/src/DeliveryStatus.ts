import type { DeliveryStatus } from "@roost/contracts"
import { codeAndLink } from "@roost/explain"
import type { WebhookRefusal } from "./WebhookRequests.ts"

/** One request to a receiver. */
export interface Attempt {
  /** Milliseconds since 1970. */
  readonly at: number
  /** The receiver's answer, if there was one. */
  readonly status?: number | undefined
  /** Why it was not taken; absent: it was. */
  readonly error?: string | undefined
  readonly code?: WebhookRefusal | undefined
  /** When what it did not take comes again. */
  readonly nextAttemptAt?: number | undefined
  /** Events that were given up with it. */
  readonly buried?: number
}

export const untried: DeliveryStatus = { health: "healthy", consecutiveFailures: 0 }

/** The status after one more attempt. Attempts of several instances may come in another order than they were made in. */
export const afterAttempt = (status: DeliveryStatus, attempt: Attempt): DeliveryStatus => {
  const { at, buried = 0, code, error, nextAttemptAt } = attempt
  const made = {
    at,
    ...(attempt.status !== undefined && { status: attempt.status }),
    ...(error !== undefined && { error }),
    ...(code !== undefined && codeAndLink(code))
  }
  const lastAttempt = status.lastAttempt !== undefined && status.lastAttempt.at > at ? status.lastAttempt : made
  if (error === undefined) return { health: "healthy", consecutiveFailures: 0, lastAttempt, lastDeliveredAt: at }
  const { consecutiveFailures, failingSince = at, lastDeliveredAt } = status
  return {
    health: status.health === "dead" || buried > 0 ? "dead" : "failing",
    consecutiveFailures: consecutiveFailures + 1,
    failingSince,
    lastAttempt,
    ...(lastDeliveredAt !== undefined && { lastDeliveredAt }),
    ...(nextAttemptAt !== undefined && { nextAttemptAt })
  }
}
