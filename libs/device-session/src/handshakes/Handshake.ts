import type { PeerAddress } from "@roost/contracts"
import { type IdentityError, parseIdentity, type PskIdentity } from "@roost/enos"
import { type RefusalCode, type Told, told } from "@roost/explain"
import * as Result from "effect/Result"
import type { EdgeLink } from "../state/EdgeLink.ts"
import type { NamedDevice } from "../state/NamedDevice.ts"
import type { HandshakeState } from "./HandshakeState.ts"

/** The identity that the peer claims. */
export type Claim = PskIdentity | UnreadableIdentity

interface UnreadableIdentity {
  /** The device, which can be read even where the rest is wrong. */
  readonly named: NamedDevice | undefined
  /** Its fault. */
  readonly refusal: Told
}

export const identityOf = (claim: Claim): PskIdentity | undefined => ("refusal" in claim ? undefined : claim)
export const namedBy = (claim: Claim): NamedDevice | undefined => ("refusal" in claim ? claim.named : claim)

/** A handshake that an edge handed over. It is the peer's and no device's: an invented identity makes no device. */
export interface Handshake {
  readonly peer: PeerAddress
  readonly edge: EdgeLink
  readonly partition: number
  readonly startedAt: number
  readonly claim: Claim
  /** A former owner of the partition had it before, and may have gone on with it. */
  readonly repeated: boolean
  state: HandshakeState
  /** The registry knows the device that it names. */
  registered: boolean
  /** A reason was told to operators. */
  told: boolean
  /** The one of the same peer that this one stepped in front of: the peer may not know that there is another. */
  former: Handshake | undefined
  /** Where its last datagram came from, if not from `peer`: its NAT gave it another port. Nothing proved that address. */
  movedTo: { readonly peer: PeerAddress; readonly edge: EdgeLink; readonly bytes: number } | undefined
}

/** The part of a handshake that an edge hands over, or that a hello finds. */
type Begun = Pick<Handshake, "peer" | "edge" | "partition" | "startedAt" | "claim" | "repeated" | "state">

export const begunHandshake = (begun: Begun): Handshake => ({
  peer: begun.peer,
  edge: begun.edge,
  partition: begun.partition,
  startedAt: begun.startedAt,
  claim: begun.claim,
  repeated: begun.repeated,
  state: begun.state,
  // A resumption is of a session, and whose that is is known.
  registered: begun.state._tag === "AwaitResumed",
  told: false,
  former: undefined,
  movedTo: undefined
})

/** Reads the identity of a key exchange. */
export const claimOf = (bytes: Uint8Array): Claim => {
  const parsed = parseIdentity(bytes)
  if (Result.isSuccess(parsed)) return parsed.success
  const { deviceKey, message, productKey } = parsed.failure
  const named = productKey === undefined || deviceKey === undefined ? undefined : { productKey, deviceKey }
  return { named, refusal: told(identityCode(parsed.failure), message) }
}

/** Asked about where no device is named: no key is empty. */
export const nobody: NamedDevice = { productKey: "", deviceKey: "" }

/** By the mistake that the identity looks like, else by the field that is wrong. */
const identityCode = ({ field, mistake }: IdentityError): RefusalCode =>
  mistake === undefined ? fieldCodes[field] : `identity-${mistake}`

const fieldCodes = {
  identity: "identity-unreadable",
  productKey: "identity-product-key",
  deviceKey: "identity-device-key",
  secureMode: "identity-secure-mode",
  lifetime: "identity-lifetime"
} as const satisfies Readonly<Record<IdentityError["field"], RefusalCode>>
