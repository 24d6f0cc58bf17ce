import type { HandshakeOutcome, RejectReason } from "@roost/dtls"
import { type Handshake, identityOf } from "./Handshake.ts"
import { isRefused } from "./HandshakeKey.ts"
import type { AwaitFinished, AwaitResumed } from "./HandshakeState.ts"
import { refusedKind, rejectTold } from "./HandshakeTexts.ts"
import { type HandshakeTurn, refuse } from "./HandshakeTurn.ts"
import { keyTold, refusalOf } from "./WrongKeys.ts"

/** Reads a datagram, or all that came before the key did, under the handshake's keys. */
export const conclude = (
  turn: HandshakeTurn,
  handshake: Handshake,
  state: AwaitFinished | AwaitResumed,
  outcome: HandshakeOutcome
): void => {
  const identity = identityOf(handshake.claim)
  switch (outcome._tag) {
    case "NeedMore":
      if (outcome.reply.length > 0) turn.effects.push({ _tag: "Reply", datagrams: outcome.reply })
      return
    case "Rejected":
      return rejected(turn, handshake, outcome.reason)
    case "Established":
      // Nobody has the key of a handshake that was refused one.
      if (identity === undefined) return
      if (state._tag === "AwaitResumed") {
        const { facts, pending } = state
        turn.effects.push({ _tag: "Verified", verified: { _tag: "Resumed", identity, pending, facts, outcome } })
      } else if (!isRefused(state.key)) {
        const { key, pending } = state
        turn.effects.push({ _tag: "Verified", verified: { _tag: "Full", identity, pending, key, outcome } })
      }
  }
}

/** The handshake stays: what failed may be forged, and an honest repetition may still come (D10, D18). */
export const rejected = (turn: HandshakeTurn, handshake: Handshake, reason: RejectReason): void => {
  const { former, state } = handshake
  // It may be a copy's, and what came is for the one before, whose key is awaited.
  if (former?.state._tag === "AwaitKey" || former?.state._tag === "Storing") return
  turn.counters.handshakesRefused++
  if (reason === "RecordUnverifiable" && (state._tag === "AwaitFinished" || state._tag === "AwaitResumed")) {
    return refuseKey(turn, handshake, state)
  }
  refuse(turn, handshake, refusedKind, refusalOf(handshake) ?? rejectTold[reason])
}

/** The refusal may wait for the registry, once for each handshake: whatever is wrong, so that all refusals are the same work. */
export const refuseKey = (turn: HandshakeTurn, handshake: Handshake, state: AwaitFinished | AwaitResumed): void => {
  if (turn.wrongKeys.admit(turn.now, handshake, state))
    turn.effects.push({ _tag: "Ask", question: { about: "Mistakes", state } })
  else if (state.wrongKey._tag !== "Asked") refuse(turn, handshake, refusedKind, keyTold(handshake, state))
}
