/** A device's allowance of requests: two numbers on its session, no timer. */
export interface Allowance {
  requestsLeft: number
  requestsAt: number
}

/** Takes one request from the allowance; false when it is used up (RFC 8516: 4.29). */
export const takeRequest = (allowance: Allowance, now: number, perSecond: number, burst: number): boolean => {
  const earned = ((now - allowance.requestsAt) * perSecond) / 1000
  const left = Math.min(burst, allowance.requestsLeft + Math.max(0, earned))
  allowance.requestsAt = now
  if (left < 1) {
    allowance.requestsLeft = left
    return false
  }
  allowance.requestsLeft = left - 1
  return true
}
