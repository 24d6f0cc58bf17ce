/**
 * Times of the leases in milliseconds, each measured on the monotonic clock of the node that uses it; clocks are never
 * compared. A node serves until `leaseMillis - marginMillis` after it sent its last renewal that was stored; the others wait
 * `leaseMillis + marginMillis` after they saw that renewal. So rates of clocks may differ by some 25 % before two serve at once.
 */
export interface LeaseTiming {
  readonly leaseMillis: number
  readonly renewMillis: number
  readonly marginMillis: number
  /** How long the membership must have been the same before partitions move to a node that joined. */
  readonly settleMillis: number
  /** After this long a write without an answer may or may not have been stored. */
  readonly writeMillisMax: number
  /** Claims that wait for their answer, and partitions that are handed over, at once. */
  readonly claimsMax: number
  readonly handoversMax: number
}

export const defaultLeaseTiming: LeaseTiming = {
  leaseMillis: 3_500,
  renewMillis: 1_000,
  marginMillis: 500,
  settleMillis: 500,
  writeMillisMax: 1_500,
  claimsMax: 64,
  handoversMax: 16
}
