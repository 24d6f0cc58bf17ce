import type { DeviceSession } from "./DeviceSession.ts"
import type { Held } from "./Held.ts"
import type { PendingCommand } from "./PendingCommands.ts"

/**
 * The remains of a device whose code threw, until its state is read back from the store. Nothing in it was computed by what
 * threw: keys, connection id, address and session id are the handshake's, commands the bucket's.
 */
export interface Stub {
  /** The session that the tables find; only what its handshake fixed is looked at. Undefined: there was none. */
  readonly former: DeviceSession | undefined
  commands: Array<PendingCommand>
  /** When the device goes offline if nothing comes; Infinity if it is offline. */
  lifetimeAt: number
  /** Entries that came since the pause was over. */
  readonly waiting: Array<Held>
  /** The store was asked for the session. */
  asked: boolean
  /** The Lifetime is over: the session is read back without a datagram, so that the store hears of it. */
  isDue: boolean
}

/** The faults of a device, as long as they are remembered. */
export interface Fault {
  readonly times: number
  readonly at: number
  /** The device hears nothing before this. */
  readonly until: number
  /** Undefined once the device's state is back. */
  stub: Stub | undefined
}

/** The next fault of a device. Pauses double: what throws at each attempt must not take the node's time. */
export const nextFault = (former: Fault | undefined, now: number, stub: Stub): Fault => {
  const times = former === undefined || now - former.at >= forgottenMillis ? 1 : former.times + 1
  return { times, at: now, until: now + Math.min(pauseMillisMax, pauseMillisMin * 2 ** (times - 1)), stub }
}

/** How long a device that threw hears nothing: doubled with each fault. */
export const pauseMillisMin = 1_000
export const pauseMillisMax = 300_000
/** A device without a fault for so long is as one that never had any. */
export const forgottenMillis = 600_000
