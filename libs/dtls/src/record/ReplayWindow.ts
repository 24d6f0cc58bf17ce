/**
 * The sliding window of RFC 6347 §4.1.2.6, 64 records wide, as three plain numbers so that a session can hold it in
 * place. Bit 0 of `recent` stands for `highest` itself, bit 31 of `older` for `highest - 63`. The two halves are signed
 * 32-bit integers: V8 keeps those unboxed.
 */
export interface ReplayWindow {
  /** The newest verified sequence number, -1 before the first. */
  highest: number
  recent: number
  older: number
}

export const replayWindowRecords = 64

export function emptyReplayWindow(): ReplayWindow {
  return { highest: -1, recent: 0, older: 0 }
}

/** True if the record was seen, or is too old to tell. Asked before the MAC is computed; changes nothing. */
export function isReplay(window: ReplayWindow, sequence: number): boolean {
  const age = window.highest - sequence
  if (age < 0) return false
  if (age >= replayWindowRecords) return true
  return age < 32 ? ((window.recent >>> age) & 1) === 1 : ((window.older >>> (age - 32)) & 1) === 1
}

/**
 * Marks a record as received. To be called only after its MAC verified (RFC 6347 §4.1.2.6), and only if it is no
 * replay. Returns true if it is newer than all before it, the condition of RFC 9146 §6 (b).
 */
export function markReceived(window: ReplayWindow, sequence: number): boolean {
  const ahead = sequence - window.highest
  if (ahead > 0) {
    shift(window, ahead)
    window.highest = sequence
    window.recent |= 1
    return true
  }
  const age = -ahead
  if (age < 32) window.recent |= 1 << age
  else window.older |= 1 << (age - 32)
  return false
}

/**
 * Counts everything up to `sequence` as received. For a window that was written down some time ago. Its owner may have
 * accepted any record up to the newest one that left a trace.
 */
export function raiseFloor(window: ReplayWindow, sequence: number): void {
  const ahead = sequence - window.highest
  if (ahead > 0) {
    window.highest = sequence
    window.recent = -1
    window.older = -1
    return
  }
  for (let age = -ahead; age < replayWindowRecords; age++) {
    if (age < 32) window.recent |= 1 << age
    else window.older |= 1 << (age - 32)
  }
}

function shift(window: ReplayWindow, by: number): void {
  if (by >= replayWindowRecords) {
    window.older = 0
    window.recent = 0
  } else if (by >= 32) {
    // A shift by 32 is a shift by 0 in JavaScript, which is what by === 32 needs here.
    window.older = window.recent << (by - 32)
    window.recent = 0
  } else {
    window.older = (window.older << by) | (window.recent >>> (32 - by))
    window.recent <<= by
  }
}
