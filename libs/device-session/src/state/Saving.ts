import type { DeviceSession } from "./DeviceSession.ts"

/** A verified handshake whose session is not stored yet. */
export interface Candidate {
  readonly session: DeviceSession
  readonly until: number
  readonly stored: (now: number) => void
}

/** What one actor has on its way to the bucket SESSIONS: one write at a time, the newest state next. */
export interface Saving {
  candidate: Candidate | undefined
  dirty: boolean
  /** By the end of the turn. */
  soon: boolean
  /** The session is over: its entry goes as soon as its revision is known. */
  gone: boolean
  /** The last write before the partition is given up. */
  final: boolean
  failures: number
  /** Times in a row that the store refused, and when it is asked again. */
  refusals: number
  notBefore: number
  /** It is among those that wait for that time. */
  waits: boolean
  inFlight: Write | undefined
}

/** One that is under way. */
export interface Write {
  readonly session: DeviceSession
  readonly candidate: Candidate | undefined
  readonly writeLimit: number
  readonly seenAt: number
  /** Exchanges whose empty ACK goes when this is stored. */
  readonly acks: ReadonlyArray<number>
}
