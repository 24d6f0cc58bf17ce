import { type DeviceState, presenceOf } from "./DeviceState.ts"
import type { DeviceSession } from "./DeviceSession.ts"
import type { DeviceTurn } from "./DeviceTurn.ts"
import { removeSession, saveThisTurn } from "./Saving.ts"

/** When the device was last heard, or could have been. */
const heardAt = (turn: DeviceTurn, { lastSeenAt }: DeviceSession): number => Math.max(lastSeenAt, turn.deafUntil)

/** How long the device may be silent until something happens: it goes offline, or its session goes. */
const silenceMillisMax = (turn: DeviceTurn, { lifetimeMillis, online, secureMode }: DeviceSession): number =>
  online || secureMode === 3 ? lifetimeMillis : turn.config.sessionIdleMillisMax

/** When the Lifetime ends if the device stays silent; behind it, when the session is given up. */
export const lifetimeDeadline = (turn: DeviceTurn, session: DeviceSession): number =>
  heardAt(turn, session) + silenceMillisMax(turn, session)

/** A handshake was verified and stored: the first Lifetime starts. */
export const startLifetime = (turn: DeviceTurn, device: DeviceState, session: DeviceSession): void => {
  if (session.secureMode === 2) goOnline(turn, device, session, "handshake")
}

/** An authenticated record came, and `lastSeenAt` says when: the device is online again if it was not. */
export const renewLifetime = (turn: DeviceTurn, device: DeviceState, session: DeviceSession): void => {
  const mayBeOnline = session.secureMode === 2 && !session.revoked && !session.dtls.closed
  if (!session.online && mayBeOnline) goOnline(turn, device, session, "record")
}

/** True if the silence has lasted for the whole Lifetime of an online device. */
export const isLifetimeOver = (turn: DeviceTurn, session: DeviceSession): boolean =>
  session.online && turn.now - heardAt(turn, session) >= session.lifetimeMillis

/** True if the silence has lasted so long that the session is not kept for the device's next wake-up. */
export const isSessionOver = (turn: DeviceTurn, session: DeviceSession): boolean => {
  const keepMillis = session.secureMode === 3 ? session.lifetimeMillis : turn.config.sessionIdleMillisMax
  return turn.now - heardAt(turn, session) >= keepMillis
}

const goOnline = (
  turn: DeviceTurn,
  device: DeviceState,
  session: DeviceSession,
  cause: "handshake" | "record"
): void => {
  if (!session.online) {
    session.online = true
    turn.counters.wentOnline++
    // A handshake is stored as online already.
    if (cause === "record") saveThisTurn(turn, device)
  }
  turn.effects.push({ _tag: "Presence", presence: presenceOf(device, session, "online", cause, turn.now) })
}

export const goOffline = (
  turn: DeviceTurn,
  device: DeviceState,
  session: DeviceSession,
  cause: "lifetime" | "closeNotify" | "credential"
): void => {
  if (!session.online) return
  session.online = false
  turn.counters.wentOffline++
  turn.effects.push({ _tag: "Presence", presence: presenceOf(device, session, "offline", cause, turn.now) })
  saveThisTurn(turn, device)
}

/** The credential changed: the stored session goes at once, this one answers 4.01 as long as its block lasts. */
export const revoke = (turn: DeviceTurn, device: DeviceState, session: DeviceSession): void => {
  goOffline(turn, device, session, "credential")
  session.revoked = true
  if (session.restored !== undefined) endSession(turn, device, session)
  else removeSession(turn, device)
}

/** The session is over, here and in the store. */
export const endSession = (turn: DeviceTurn, device: DeviceState, session: DeviceSession): void => {
  turn.effects.push({ _tag: "Unbound", session, mayResume: false })
  removeSession(turn, device)
  device.session = undefined
}
