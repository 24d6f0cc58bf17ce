/** Of an odd number of values the middle one, of an even number the mean of the two in the middle; NaN of none. */
export const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/**
 * Largest distance from the median as a share of it: what another round might well have given. 0 of equal values, and so of
 * zeros. NaN of none.
 */
export const spread = (values: ReadonlyArray<number>): number => {
  const middle = median(values)
  const distance = Math.max(Math.max(...values) - middle, middle - Math.min(...values))
  return distance === 0 ? 0 : distance / Math.abs(middle)
}

/**
 * The order of `round`, counted from 0: forwards, backwards, then both again from another start. So no server always
 * runs on the machine that the same other one has warmed up.
 */
export const alternated = <A>(items: ReadonlyArray<A>, round: number): ReadonlyArray<A> => {
  const start = items.length === 0 ? 0 : (round >> 1) % items.length
  const turned = [...items.slice(start), ...items.slice(0, start)]
  return round % 2 === 0 ? turned : turned.toReversed()
}
