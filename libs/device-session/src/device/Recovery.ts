import { defaultServerSettings } from "@roost/coap"
import { raiseFloor } from "@roost/dtls"
import { answerOwed } from "../requests/Requests.ts"
import type { RequestTurn } from "../requests/RequestTurn.ts"
import type { DeviceSession, Restored } from "../state/DeviceSession.ts"
import type { DeviceState } from "../state/DeviceState.ts"
import type { DeviceTurn } from "../state/DeviceTurn.ts"
import type { EdgeLink } from "../state/EdgeLink.ts"
import type { Held } from "../state/Held.ts"
import { revoke } from "../state/Lifetime.ts"
import type { RecallOutcome } from "../state/Outcomes.ts"
import { restoredSequence } from "../state/RestoredSequence.ts"
import { saveThisTurn } from "../state/Saving.ts"
import { exchangesOf } from "../state/SessionExchanges.ts"
import type { StoredSession } from "../state/StoredSession.ts"
import { kindsOf } from "../state/UplinkKinds.ts"

/*
 * Makes a session that came from the bucket usable when the first datagram comes for it, not before. Most devices are asleep
 * when their owner changes. Two things are due, at once:
 *
 * - a block of write sequence numbers, reserved by a compare-and-set that also takes the entry from every former owner;
 * - what former owners accepted after their last write: the newest uplink of each kind has the session's newest record in a
 *   header. Everything up to it is a replay from now on, and a new record with the same CoAP message is answered without being
 *   stored again.
 */

/** The session as `stored` says. */
export const restoredSession = (turn: DeviceTurn, stored: StoredSession, edge: EdgeLink): DeviceSession => {
  const { config, now, random } = turn
  const { dtls } = stored
  const wall = turn.wallOf(now)
  dtls.writeSequence = restoredSequence(dtls.writeLimit, wall - stored.establishedAt, random)
  dtls.writeLimit = dtls.writeSequence
  const lifetimeMillis = stored.lifetimeSeconds * 1000
  // It is not known when an owner that died last heard the device: a whole Lifetime from now is late at worst, never wrong. A last
  // state that is old may have come back with the store: owners after its writer heard the device.
  const isLast = stored.final && wall - stored.lastSeenAt - stored.silentMillis < handedOverMillisMax
  const seenAt = isLast ? now - Math.min(stored.silentMillis, Math.max(0, lifetimeMillis - graceMillis)) : now
  // How long an offline device has been silent only clocks can tell: one that is wrong ends no session at once.
  const silentAt = Math.max(
    now - Math.max(0, wall - stored.lastSeenAt),
    now - config.sessionIdleMillisMax + idleGraceMillis
  )
  const lastSeenAt = stored.online ? seenAt : silentAt
  const session: DeviceSession = {
    productKey: stored.productKey,
    deviceKey: stored.deviceKey,
    secureMode: stored.secureMode,
    lifetimeMillis,
    dtls,
    handle: stored.handle,
    scope: stored.scope,
    formerScope: undefined,
    facts: stored.facts,
    revoked: false,
    exchanges: undefined,
    lastTopic: undefined,
    peer: stored.peer,
    edge,
    path: undefined,
    lastSeenAt,
    online: stored.online,
    requests: undefined,
    establishedAt: stored.establishedAt,
    savedSeenAt: lastSeenAt,
    kinds: stored.kinds,
    restored: {
      waiting: [],
      fenced: false,
      recalled: false,
      askedToken: 0,
      owedAt: Infinity,
      seenAt: now - (wall - stored.lastSeenAt)
    },
    recalled: undefined,
    acksDue: undefined,
    outbox: undefined
  }
  const exchanges = exchangesOf(session, random)
  if (exchanges.restore(now, stored.exchanges) && !exchanges.isIdle) session.exchanges = exchanges
  return session
}

/** Something came for a restored session. False: too much waits already. */
export const hold = (turn: DeviceTurn, device: DeviceState, session: DeviceSession, held: Held): boolean => {
  const { restored } = session
  if (restored === undefined) return false
  const { waiting } = restored
  const bytes = waiting.reduce((sum, { body }) => sum + body.length, held.body.length)
  const fits = waiting.length < heldMax && bytes <= heldBytesMax
  if (fits) waiting.push(held)
  prepare(turn, device, session, restored)
  return fits
}

/** Asks for what a restored session lacks. */
export const prepare = (turn: DeviceTurn, device: DeviceState, session: DeviceSession, restored: Restored): void => {
  if (!restored.fenced) saveThisTurn(turn, device)
  if (restored.askedToken !== 0 || restored.recalled) return
  restored.askedToken = ++turn.lastToken
  turn.effects.push({ _tag: "Recall", token: restored.askedToken, kinds: kindsOf(session.kinds) })
}

/** An answer that a former owner owed does not wait until the device is heard: the device waits for it. */
export const prepareOwed = (turn: DeviceTurn, device: DeviceState): void => {
  const { session } = device
  const restored = session?.restored
  if (session?.exchanges === undefined || restored === undefined || session.exchanges.owed.length === 0) return
  restored.owedAt = turn.now + owedMillis
  prepare(turn, device, session, restored)
}

/** This owner's write is stored: it has a block, and every former owner has lost the entry. */
export const fenced = (turn: RequestTurn, device: DeviceState, session: DeviceSession, restored: Restored): void => {
  restored.fenced = true
  goOn(turn, device, session, restored)
}

/** The streams answered what was asked under `token`. */
export const handleRecalled = (turn: RequestTurn, device: DeviceState, token: number, outcome: RecallOutcome): void => {
  const { session } = device
  const restored = session?.restored
  if (session === undefined || restored === undefined || restored.askedToken !== token) return
  restored.askedToken = 0
  // The device's next datagram asks again.
  if (outcome._tag === "Unavailable") return
  if (outcome.credentialVersion > session.facts.credentialVersion && session.secureMode === 2) {
    return revoke(turn, device, session)
  }
  const own = outcome.uplinks.filter(({ session: handle }) => handle === session.handle)
  for (const { record } of own) raiseFloor(session.dtls, record)
  // From now: the streams tell when they were stored by another host's clock.
  const until = turn.now + defaultServerSettings.tuning.exchangeLifetimeMillis
  session.recalled = own.length === 0 ? undefined : { ids: own.map(({ id }) => id), until }
  restored.recalled = true
  goOn(turn, device, session, restored)
}

const goOn = (turn: RequestTurn, device: DeviceState, session: DeviceSession, restored: Restored): void => {
  if (!restored.fenced || !restored.recalled) return
  session.restored = undefined
  turn.counters.sessionsTakenUp++
  answerOwed(turn, device, session)
  if (restored.waiting.length > 0) turn.effects.push({ _tag: "Replay", held: restored.waiting })
}

/** Datagrams of one device that wait for its session, and their bytes; what is more, it sends again. */
const heldMax = 8
const heldBytesMax = 4096
/** Messages that a device may have sent while its partition had no owner are heard before it is called silent. */
const graceMillis = 10_000
/** From an owner's last state to the next owner, by their clocks. */
const handedOverMillisMax = 30_000
/** A session of a device that has been offline for too long, by the clock, is kept this long after a takeover. */
const idleGraceMillis = 3_600_000
/** Between questions for a device that waits for an answer. */
const owedMillis = 1_000
