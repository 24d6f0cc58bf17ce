/**
 * A token bucket: what is left of an allowance that grows by `perSecond` up to `burst`. It is two numbers, so that a record
 * with millions of copies can hold them itself; it has no timer.
 */
export interface Allowance {
  left: number
  /** When `left` was true, in milliseconds of the caller's clock. */
  at: number
}

/** A full allowance. */
export const allowance = (now: number, burst: number): Allowance => ({ left: burst, at: now })

/** Takes `cost` from the allowance, or nothing and false where that much is not left. A clock that runs backwards earns nothing. */
export const take = (from: Allowance, now: number, perSecond: number, burst: number, cost = 1): boolean => {
  const earned = (Math.max(0, now - from.at) * perSecond) / 1000
  const left = Math.min(burst, from.left + earned)
  from.at = now
  from.left = left < cost ? left : left - cost
  return left >= cost
}
