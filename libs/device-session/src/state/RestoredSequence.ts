import { sequenceMax } from "@roost/dtls"

/**
 * Record numbers that a session may use for each millisecond since its handshake. No host seals half as many, and 2^48 of
 * them last 8.9 years.
 */
export const recordsPerMillisMax = 1024

/**
 * The first record number that a session from the store is sealed under. The end of the block that its entry reserved is not
 * enough. A store that went back has forgotten blocks, by a power cut or a backup. It would hand out the same one again
 * each time. So time counts too: what was sealed before now has a number below `recordsPerMillisMax` for each
 * millisecond since the handshake, and no millisecond comes twice.
 *
 * Where the wall clock is behind the reserved end, or years ahead of it, time says nothing. The number then lies
 * `jumpRecords` behind the reserved end and a random distance further. A constant distance would meet itself at the second
 * store that lost the same block. A device that heard the larger of two such numbers drops what comes under the smaller, and
 * handshakes.
 *
 * `elapsedMillis`: since the handshake, on the wall clock. `random`: 0 inclusive to 1 exclusive.
 */
export const restoredSequence = (reservedEnd: number, elapsedMillis: number, random: () => number): number => {
  const byClock = Math.floor(elapsedMillis) * recordsPerMillisMax
  const number =
    byClock >= reservedEnd && byClock <= byClockMax
      ? byClock
      : reservedEnd + jumpRecords + Math.floor(random() * spreadRecords)
  return Math.min(number, sequenceMax)
}

/**
 * The end of the next block to reserve behind `sequence`. A session that is not ahead of its clock does not get ahead of it,
 * so that `restoredSequence` holds for what it sealed.
 */
export const reservedEnd = (
  { writeLimit, writeSequence }: { readonly writeLimit: number; readonly writeSequence: number },
  block: number,
  elapsedMillis: number
): number => {
  if (writeLimit - writeSequence > block / 2) return writeLimit
  const end = Math.min(Math.max(writeLimit, writeSequence) + block, sequenceMax)
  const byClock = (Math.floor(elapsedMillis) + 1) * recordsPerMillisMax
  // Ahead already: it was restored behind a clock that has been set back since, or is wrong.
  return writeSequence > byClock ? end : Math.max(writeLimit, Math.min(end, byClock))
}

/** Half of all numbers, 4.4 years: a clock that is further ahead would leave a session none. */
const byClockMax = sequenceMax / 2
const jumpRecords = 2 ** 20
/** Two restorations that both fall back meet with a chance of one in four million per 1024 records, and 2^16 of them fit. */
const spreadRecords = 2 ** 32
