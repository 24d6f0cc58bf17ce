import { pskBytes } from "@roost/enos"
import { type Told, told } from "@roost/explain"
import type { CachedPsk } from "../state/DeviceFacts.ts"
import { isRegistered, type PskOutcome } from "../state/Outcomes.ts"
import { refusalTold, unansweredCode } from "../state/RefusalTexts.ts"
import { conclude, rejected } from "./AwaitFinished.ts"
import { type Handshake, identityOf, namedBy } from "./Handshake.ts"
import { type GrantedKey, grantedKey, isRefused, type RefusedKey } from "./HandshakeKey.ts"
import { type AwaitFinished, type AwaitKey, notAsked } from "./HandshakeState.ts"
import { refusedKind } from "./HandshakeTexts.ts"
import { type HandshakeTurn, refuse } from "./HandshakeTurn.ts"
import { dayOf } from "./KnownKeys.ts"

/*
 * All refusals take one way. A handshake may name any device, or nothing: its Finished is tried under a key from
 * here. The registry is asked once, and the Finished is tried under the key from there. Where there is no key it is one that
 * nobody has. So nothing on the wire, and no other work, tells a wrong key from an unknown device. Nor does it tell a device
 * that is online. Only who has the key that is known here is let in without the question.
 */

/** Once the Finished came: tries it under the key that is known here. True if it verified; else the registry is asked. */
export const tryFinished = (turn: HandshakeTurn, handshake: Handshake, state: AwaitKey): boolean => {
  if (state.question !== undefined || !state.pending.hasProtected) return false
  const { claim } = handshake
  if (tryKnown(turn, handshake, state, turn.keys.findFresh(turn.now, identityOf(claim)))) return true
  state.question = { productVersion: turn.keys.productVersionOf(namedBy(claim)) }
  turn.effects.push({ _tag: "Ask", question: { about: "Key", state } })
  return false
}

/** A datagram of the peer. A Finished that came by itself, or again, is the moment to ask if the registry did not answer. */
export const hearBeforeKey = (
  turn: HandshakeTurn,
  handshake: Handshake,
  state: AwaitKey,
  datagram: Uint8Array
): void => {
  const outcome = state.pending.handleDatagram(turn.crypto, turn.now, datagram)
  if (outcome._tag === "Rejected") rejected(turn, handshake, outcome.reason)
  tryFinished(turn, handshake, state)
}

/** The registry answered, or could not. */
export const handleKey = (turn: HandshakeTurn, handshake: Handshake, state: AwaitKey, outcome: PskOutcome): void => {
  const { claim, startedAt } = handshake
  const unreadable = "refusal" in claim ? claim : undefined
  switch (outcome._tag) {
    case "Found": {
      handshake.registered = true
      const { productVersion = 0 } = state.question ?? {}
      if (unreadable !== undefined) return provide(turn, handshake, state, unreadable)
      return provide(turn, handshake, state, grantedKey(outcome, productVersion, dayOf(startedAt)), outcome)
    }
    case "Refused":
      handshake.registered = isRegistered(outcome)
      return provide(turn, handshake, state, unreadable ?? { refusal: refusalTold(outcome.reason) })
    case "Unavailable":
      return withoutRegistry(turn, handshake, state, told(unansweredCode(outcome), outcome.reason))
  }
}

/** A device whose key is still known gets in; the others are asked about again when they repeat their flight. */
const withoutRegistry = (turn: HandshakeTurn, handshake: Handshake, state: AwaitKey, why: Told): void => {
  const { claim } = handshake
  if (tryKnown(turn, handshake, state, turn.keys.find(identityOf(claim)))) return
  handshake.registered = turn.keys.hasSessionOf(namedBy(claim))
  state.question = undefined
  refuse(turn, handshake, "registry-unavailable", why)
}

/** Where no key is known one is tried that nobody has. */
const tryKnown = (
  turn: HandshakeTurn,
  handshake: Handshake,
  { pending }: AwaitKey,
  known: CachedPsk | undefined
): boolean => {
  const nobodys = turn.crypto.randomBytes(pskBytes)
  if (known !== undefined) knownKey.setFromHex(known.psk)
  const psk = known === undefined ? nobodys : knownKey
  const outcome = pending.tryPsk(turn.crypto, psk)
  const identity = identityOf(handshake.claim)
  if (outcome === undefined || known === undefined || identity === undefined) return false
  handshake.registered = true
  const verified = { _tag: "Full", identity, pending, key: known, outcome } as const
  turn.effects.push({ _tag: "Verified", verified })
  return true
}

/** Each try is written here, since it is done with by the end of the call: an array of its own takes 200 bytes. */
const knownKey = new Uint8Array(pskBytes)

/** `keys`: the key, and in mode 3 the product's former one. Two are tried always then, since a product has a former one at times. */
const provide = (
  turn: HandshakeTurn,
  handshake: Handshake,
  { pending }: AwaitKey,
  key: GrantedKey | RefusedKey,
  keys: { readonly psk?: Uint8Array; readonly previous?: { readonly psk: Uint8Array } } = {}
): void => {
  const own = turn.crypto.randomBytes(pskBytes)
  const former = turn.crypto.randomBytes(pskBytes)
  const state: AwaitFinished = { _tag: "AwaitFinished", pending, key, wrongKey: notAsked }
  handshake.state = state
  const second = identityOf(handshake.claim)?.secureMode === 3 ? (keys.previous?.psk ?? former) : undefined
  conclude(turn, handshake, state, pending.providePsk(turn.crypto, keys.psk ?? own, second))
  if (isRefused(key) && !handshake.told) refuse(turn, handshake, refusedKind, key.refusal)
}
