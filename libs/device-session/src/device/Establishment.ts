import { credentialChanged, randomRepeated, refusedKind, secretTooShort } from "../handshakes/HandshakeTexts.ts"
import type { DeviceSession } from "../state/DeviceSession.ts"
import type { DeviceState } from "../state/DeviceState.ts"
import type { DeviceTurn } from "../state/DeviceTurn.ts"
import { heardDatagram } from "../state/HeardDatagram.ts"
import { startLifetime } from "../state/Lifetime.ts"
import { removeSession, saveCandidate } from "../state/Saving.ts"
import type { SessionCandidate } from "../state/SavingState.ts"
import { exchangesOf } from "../state/SessionExchanges.ts"
import type { DeviceEventKind } from "@roost/contracts"
import type { Told } from "@roost/explain"

/** A handshake verified: its session is stored before the device is answered. */
export const verified = (
  turn: DeviceTurn,
  device: DeviceState,
  candidate: SessionCandidate,
  clientRandomBits: number | undefined
): void => {
  if (clientRandomBits !== undefined && device.repeatsRandom(clientRandomBits)) {
    reportHandshake(turn, candidate, "client-random-repeated", randomRepeated)
  }
  saveCandidate(turn, device, candidate)
}

/** The session is stored. The newest verified handshake wins (contract 17); queue and presence stay with the device. */
export const establish = (turn: DeviceTurn, device: DeviceState, candidate: SessionCandidate): void => {
  const { edge, handshake, isResumption, peer, session } = candidate
  const previous = device.session
  turn.effects.push({ _tag: "HandshakeOver", handshake })
  if (candidate.outdated) {
    turn.counters.handshakesRefused++
    reportHandshake(turn, candidate, refusedKind, credentialChanged)
    return removeSession(turn, device)
  }
  if (isResumption) turn.counters.handshakesResumed++
  turn.counters.handshakesEstablished++
  turn.counters.established.observe((turn.now - candidate.verifiedAt) / 1e3)
  session.online = session.secureMode === 2 && previous?.online === true
  if (candidate.psk !== undefined && session.secureMode === 2) device.psk = candidate.psk
  if (previous !== undefined && previous.secureMode === session.secureMode) inherit(turn, session, previous)
  device.session = session
  turn.effects.push({ _tag: "Bound", previous })
  for (const datagram of candidate.reply) turn.effects.push({ _tag: "SendSealed", datagram })
  turn.effects.push({ _tag: "Route", edge, peer })
  // The edge that began it keeps its half until it hears this.
  if (handshake.edge !== edge) turn.effects.push({ _tag: "Route", edge: handshake.edge, peer })
  startLifetime(turn, device, session)
  if (previous !== undefined && !isResumption) turn.effects.push({ _tag: "Replaced", former: previous, peer })
  if (candidate.secretTooShort) {
    reportHandshake(turn, candidate, "secret-too-short", secretTooShort)
  }
  for (const datagram of candidate.early)
    turn.effects.push({ _tag: "Hear", heard: heardDatagram(edge, peer, datagram) })
}

/** The messages of the session before tell copies apart from new messages in this one (RFC 7252 §4.5). */
const inherit = (turn: DeviceTurn, session: DeviceSession, previous: DeviceSession): void => {
  const resumed = session.scope === previous.scope
  if (resumed) session.recalled = previous.recalled
  else session.formerScope = previous.scope
  if (previous.exchanges === undefined) return
  session.exchanges = exchangesOf(session, turn.random)
  session.exchanges.inherit(turn.now, previous.exchanges, resumed ? "Resumed" : "Renewed")
  if (session.exchanges.isIdle) session.exchanges = undefined
}

const reportHandshake = (
  turn: DeviceTurn,
  { peer, session }: SessionCandidate,
  kind: DeviceEventKind,
  { code, reason }: Told
): void => {
  const more = { code, detail: { secureMode: session.secureMode } }
  turn.effects.push({ _tag: "Report", kind, peer, reason, more })
}
