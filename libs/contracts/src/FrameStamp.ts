/**
 * When an edge heard the first datagram of a frame, by its own clock, which only it reads again. The frame takes it along in this header
 * of its message. A session-actors node gives it back with an uplink's answer, in the place of the partition of that `Send`.
 */
export const frameStampHeader = "Roost-Heard"

/** Milliseconds of a clock, modulo 32 768, with the highest of 16 bits set: no partition has it, and 0 is no stamp. */
export const frameStamp = (now: number): number => stampBit | (now & stampMask)

export const isFrameStamp = (field: number): boolean => field >= stampBit

/**
 * Seconds since the stamp; undefined for one that is older than 30 s, since the store answers within 10. It is another edge's then, whose
 * clock is ahead: an answer leaves by the edge that the device came to last.
 */
export const secondsSince = (now: number, stamp: number): number | undefined => {
  const seconds = ((now - stamp) & stampMask) / 1e3
  return seconds > stampSecondsMax ? undefined : seconds
}

const stampSecondsMax = 30

/** The stamp in a header; 0 where there is none. */
export const readFrameStamp = (text: string | undefined): number => {
  const stamp = Number(text)
  return Number.isInteger(stamp) && isFrameStamp(stamp) && stamp <= (stampBit | stampMask) ? stamp : 0
}

const stampBit = 0x8000
const stampMask = 0x7fff
