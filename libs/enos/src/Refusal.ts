/**
 * Why the platform does not take a well-formed request: the device gets `code` in the reply envelope (contract §7.4),
 * the operator all of it. Plain data, as a device may provoke any number of them.
 */
export interface Refusal {
  /** enos-protocol §4. */
  readonly code: number
  /** Where in `params`: `measurepoints.temp`, `[2].time`. */
  readonly field: string
  readonly expected: string
  readonly got: string
}

export const formatRefusal = ({ field, expected, got }: Refusal): string =>
  `${field === "" ? "params" : field}: expected ${expected}, got ${got}`
