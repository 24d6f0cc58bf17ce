import type { AllowedKind } from "./allowances.ts"

export const findingKinds = [
  /** A (key, epoch, sequence) that was on the wire twice: the nonce of an AEAD, used again. */
  "record-repeated",
  /** Answered with 2.04 and not in UPLINK. */
  "uplink-missing",
  /** One payload id, more than one message in UPLINK. */
  "uplink-doubled",
  /** Taken with 202, and neither succeeded nor known at the end. */
  "command-lost",
  /** Said to have ended in one way, and later in another. */
  "command-ended-twice",
  /** Beyond the first of a device. */
  "handshake",
  /** Given up by the device after all retransmissions, or under way for too long at the end. */
  "handshake-unfinished",
  /** A request of a device that is awake, without a response at the end. */
  "unanswered",
  /** A request met silence though its owner could have answered: 5.00 was due. */
  "silence",
  "offline-spurious",
  "offline-missing",
  "offline-doubled",
  /** Another code than 2.04, where the faults allow none. */
  "error-response",
  /** An app was not ready again a minute after a fault, or one was that may not be. */
  "aftermath"
] as const
export type FindingKind = (typeof findingKinds)[number]

/** One violation. */
export interface Finding {
  readonly kind: FindingKind
  readonly deviceKey: string
  readonly at: number
  readonly detail: string
}

/** Notes what the faults allowed, in place of a finding. */
export type Allow = (kind: AllowedKind) => void
