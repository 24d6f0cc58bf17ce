import { nearestName } from "./NearestName.ts"

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
  /** Where `got` is a name that the model does not have: the name, and those that it has. */
  readonly unknown?: UnknownName
}

export interface UnknownName {
  readonly name: string
  readonly known: ReadonlyMap<string, unknown>
}

/** The name of the model that was probably meant. Looking for it takes a while, so it is for who is told. */
export const meantBy = ({ unknown }: Refusal): string | undefined =>
  unknown === undefined ? undefined : nearestName(unknown.name, unknown.known.keys())

export const formatRefusal = ({ field, expected, got }: Refusal): string =>
  `${field === "" ? "params" : field}: expected ${expected}, got ${got}`
