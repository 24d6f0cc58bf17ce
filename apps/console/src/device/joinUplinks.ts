import type { StoredUplink } from "./deviceQueries.ts"

/** Each once, whichever way it came. */
export const joinUplinks = (
  live: ReadonlyArray<StoredUplink>,
  read: ReadonlyArray<StoredUplink>
): ReadonlyArray<StoredUplink> => {
  const known = new Set(read.map(({ sequence }) => sequence))
  return [...live.filter(({ sequence }) => !known.has(sequence)), ...read]
}
