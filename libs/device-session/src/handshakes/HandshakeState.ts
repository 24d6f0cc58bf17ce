import type { PendingHandshake, PendingResumption, Session } from "@roost/dtls"
import type { Told } from "@roost/explain"
import type { DeviceFacts } from "../state/DeviceFacts.ts"
import type { GrantedKey, RefusedKey } from "./HandshakeKey.ts"

/*
 *                     Finished came                        Finished verified
 *     AwaitKey ───────► the registry is asked ─► AwaitFinished ──────────┐
 *        │                                                               ▼
 *        └─────── Finished verified under a key known here ──────────► Storing ─► over: the device answers
 *                                                                        ▲
 *     AwaitResumed ──────────────────────────────────────────────────────┘
 */

/** A full handshake that was given no key yet. */
export interface AwaitKey {
  readonly _tag: "AwaitKey"
  readonly pending: PendingHandshake
  /** Set while the registry is asked; not before a Finished came, nor once the registry said that it can't answer. */
  question: KeyQuestion | undefined
}

export interface KeyQuestion {
  /** `ProductProfiles.versionOf` at that moment: the product may change while the answer is on its way. */
  readonly productVersion: number
}

/** A full handshake that has a key, under which no Finished verified yet. */
export interface AwaitFinished {
  readonly _tag: "AwaitFinished"
  readonly pending: PendingHandshake
  readonly key: GrantedKey | RefusedKey
  wrongKey: WrongKey
}

/** A resumption: our Finished is out, and has the keys of the session that it resumes. */
export interface AwaitResumed {
  readonly _tag: "AwaitResumed"
  readonly pending: PendingResumption
  /** Of that session. */
  readonly facts: DeviceFacts
  wrongKey: WrongKey
}

/** Verified: answered as soon as the session is stored. A handshake that waits for the store should be small. */
export interface Storing {
  readonly _tag: "Storing"
  readonly session: Session
  /** Datagrams that came with its Finished, and since. */
  readonly early: Array<Uint8Array>
  /** Its state before, if it is a resumption: an edge may repeat its half. */
  readonly resumption: PendingResumption | undefined
}

export type HandshakeState = AwaitKey | AwaitFinished | AwaitResumed | Storing

/** The cause of a key that does not verify, as far as it was looked into. */
export type WrongKey =
  | { readonly _tag: "NotAsked" }
  /** The registry is asked for keys that come of known mistakes. */
  | { readonly _tag: "Asked" }
  | { readonly _tag: "Explained"; readonly told: Told }

export const notAsked: WrongKey = { _tag: "NotAsked" }
export const asked: WrongKey = { _tag: "Asked" }

export const sessionIdsOf = (state: HandshakeState): ReadonlyArray<Uint8Array> => {
  switch (state._tag) {
    case "AwaitKey":
    case "AwaitFinished":
      return state.pending.sessionIds
    case "AwaitResumed":
      return [state.pending.sessionId]
    case "Storing":
      return [state.session.sessionId]
  }
}

/** The id that the client is to put in its records; empty if there is none. */
export const connectionIdOf = (state: HandshakeState): Uint8Array => {
  switch (state._tag) {
    case "AwaitKey":
    case "AwaitFinished":
      return state.pending.agreement.serverCid
    case "AwaitResumed":
      return state.pending.session.readCid
    case "Storing":
      return state.session.readCid
  }
}

/** The resumption that it is or was. */
export const resumptionOf = (state: HandshakeState): PendingResumption | undefined => {
  if (state._tag === "Storing") return state.resumption
  return state._tag === "AwaitResumed" ? state.pending : undefined
}
