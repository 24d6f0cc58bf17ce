import type { Tuning } from "./Tuning.ts"

/** A CON on its way to an ACK: when to send it again, as data (RFC 7252 §4.2). */
export interface Retransmission {
  readonly messageId: number
  readonly bytes: Uint8Array
  /** Milliseconds on the caller's clock. */
  dueAt: number
  timeoutMillis: number
  sent: number
}

/** First transmission is now. The initial timeout lies between ACK_TIMEOUT and ACK_TIMEOUT × ACK_RANDOM_FACTOR. */
export const startRetransmission = (
  now: number,
  messageId: number,
  bytes: Uint8Array,
  tuning: Tuning,
  random: () => number
): Retransmission => {
  const timeoutMillis = tuning.ackTimeoutMillis * (1 + random() * (tuning.ackRandomFactor - 1))
  return { messageId, bytes, dueAt: now + timeoutMillis, timeoutMillis, sent: 1 }
}

/** Counts one more transmission and doubles the timeout; false when MAX_RETRANSMIT is used up. */
export const retransmit = (now: number, retransmission: Retransmission, tuning: Tuning): boolean => {
  if (retransmission.sent > tuning.maxRetransmit) return false
  retransmission.sent += 1
  retransmission.timeoutMillis *= 2
  retransmission.dueAt = now + retransmission.timeoutMillis
  return true
}
