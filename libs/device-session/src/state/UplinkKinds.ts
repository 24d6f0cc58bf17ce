import { UplinkKind } from "@roost/enos"

/** Bit of an uplink's kind in `DeviceSession.kinds`. */
export const kindBit = (kind: UplinkKind): number => 1 << UplinkKind.indexOf(kind)

/** The kinds whose bits are set. */
export const kindsOf = (bits: number): ReadonlyArray<UplinkKind> =>
  UplinkKind.filter((_, index) => (bits & (1 << index)) !== 0)
