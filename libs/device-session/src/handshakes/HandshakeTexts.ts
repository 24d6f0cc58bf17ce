import type { RejectReason } from "@roost/dtls"
import { reasonOf, type Told, told } from "@roost/explain"

/** Refused handshakes as operators are told of them: what came, what was expected, the likely cause and the cure. */

export const refusedKind = "handshake-refused"

export const rejectTold: Readonly<Record<RejectReason, Told>> = {
  RecordUnverifiable: told("wrong-key"),
  VerifyDataMismatch: told("finished-altered"),
  UnexpectedHandshake: told("handshake-out-of-order"),
  BufferFull: told("too-much-before-finished")
}

export const credentialChanged = told("credential-changed")
export const displacing = told("session-of-own-secret")
export const secretTooShort = told("weak-secret")
export const randomRepeated = told("client-random-repeated")
export const productSecretOutdated = told("product-secret-outdated")
export const connectionIdTaken = told("connection-id-taken")
export const nodeFull = told("node-full")

export const unfinished = (millis: number): Told =>
  told(
    "handshake-unfinished",
    reasonOf("handshake-unfinished", `No Finished came within ${millis / 1000} s after ClientKeyExchange.`)
  )
