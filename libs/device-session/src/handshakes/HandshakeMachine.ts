import { type PskOutcome, isRegistered } from "../state/Outcomes.ts"
import { conclude, refuseKey } from "./AwaitFinished.ts"
import { handleKey, hearBeforeKey, tryFinished } from "./AwaitKey.ts"
import type { Handshake } from "./Handshake.ts"
import { unfinished } from "./HandshakeTexts.ts"
import { type HandshakeTurn, type Question, refuse } from "./HandshakeTurn.ts"
import { keepEarly } from "./Storing.ts"

/*
 * The work of a handshake for each input, by its state. `turn.effects` has what it wants then.
 *
 *                     AwaitKey            AwaitFinished, AwaitResumed   Storing
 *     datagram        Finished is tried   Finished is tried             kept for the session
 *     the key         Finished is tried   -                             -
 *     mistakes        -                   the refusal is told           the refusal is told
 *     time is over    the device is       its refusal is told           silence: its answer is on the way
 *                     asked about
 */

/** A datagram of the peer. */
export const handleDatagram = (turn: HandshakeTurn, handshake: Handshake, datagram: Uint8Array): void => {
  const { state } = handshake
  switch (state._tag) {
    case "AwaitKey":
      return hearBeforeKey(turn, handshake, state, datagram)
    case "AwaitFinished":
    case "AwaitResumed":
      return conclude(turn, handshake, state, state.pending.handleDatagram(turn.crypto, turn.now, datagram))
    case "Storing":
      return keepEarly(state, datagram)
  }
}

/** Whether a datagram that may be another handshake's completes this one. If not, that says nothing and is not told. */
export const completes = (turn: HandshakeTurn, handshake: Handshake, datagram: Uint8Array): boolean => {
  const { state } = handshake
  if (state._tag === "Storing") {
    if (!state.session.verifies(turn.crypto, datagram)) return false
    keepEarly(state, datagram)
    return true
  }
  const outcome = state.pending.handleDatagram(turn.crypto, turn.now, datagram)
  if (state._tag === "AwaitKey") return tryFinished(turn, handshake, state)
  if (outcome._tag !== "Established") return false
  conclude(turn, handshake, state, outcome)
  return true
}

/** Data that no session can read: our flight goes again to a client that resumes and whose Finished was lost. False: not so. */
export const handleUnread = (turn: HandshakeTurn, handshake: Handshake, datagram: Uint8Array): boolean => {
  const { state } = handshake
  if (state._tag !== "AwaitResumed") return false
  const outcome = state.pending.handleDatagram(turn.crypto, turn.now, datagram)
  // It may be anybody's.
  if (outcome._tag !== "Rejected") conclude(turn, handshake, state, outcome)
  return true
}

/** The registry answered a question, or could not. `isCurrent`: the handshake was not given up meanwhile. */
export const handleAnswer = (
  turn: HandshakeTurn,
  handshake: Handshake,
  question: Question,
  outcome: PskOutcome,
  isCurrent: boolean
): void => {
  switch (question.about) {
    case "Key":
      if (isCurrent) handleKey(turn, handshake, question.state, outcome)
      return
    case "Mistakes":
      turn.wrongKeys.explain(handshake, question.state, outcome.mistakes)
      return refuseKey(turn, handshake, question.state)
    case "Device":
      handshake.registered = isRegistered(outcome)
      return refuseUnfinished(turn, handshake)
  }
}

/** Its time is over. */
export const handleExpiry = (turn: HandshakeTurn, handshake: Handshake): void => {
  const { state, told } = handshake
  turn.counters.handshakesExpired++
  if (told || state._tag === "Storing") return
  // Where a question is under way its answer comes too late to say whose it is.
  if (state._tag !== "AwaitKey" || state.question !== undefined) return refuseUnfinished(turn, handshake)
  turn.effects.push({ _tag: "Ask", question: { about: "Device" } })
}

const refuseUnfinished = (turn: HandshakeTurn, handshake: Handshake): void =>
  refuse(turn, handshake, "handshake-unfinished", unfinished(turn.config.handshakeMillisMax))
