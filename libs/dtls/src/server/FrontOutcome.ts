/** Why a datagram had no effect. Nothing was sent, and nobody else's handshake is touched. */
export type FrontDropReason =
  | "NotDtls"
  | "UnexpectedRecord"
  | "PlaintextAlert"
  | "MalformedHandshake"
  | "FragmentedClientHello"
  | "ClientHelloTooLarge"
  | "ClientHelloAnswered"
  | "UnexpectedHandshake"
  | "MalformedClientKeyExchange"
  | "IdentityTooLong"
  | "BufferFull"
  | "ResumePending"
  /** A cookie proved the address, and it may not begin a handshake now. */
  | "HandshakeRate"

export type FrontOutcome =
  /** To be sent to the peer, in order. */
  | { readonly _tag: "Reply"; readonly datagrams: ReadonlyArray<Uint8Array> }
  /**
   * ClientKeyExchange is complete: `half` goes to the actor of the device that `identity` names, which may lie in the
   * datagram.
   */
  | { readonly _tag: "HandOff"; readonly identity: Uint8Array; readonly half: Uint8Array }
  /** An actor may hold this session. The edge answers with `resumeTaken` or `resumeMissed`. */
  | { readonly _tag: "Resume"; readonly sessionId: Uint8Array; readonly hello: Uint8Array }
  /** Part of a ClientKeyExchange, or a record that overtook it; nothing to do yet. */
  | { readonly _tag: "Kept" }
  /** Belongs to a handshake that was handed off or to a session: not for the front half. */
  | { readonly _tag: "Forward" }
  | { readonly _tag: "Dropped"; readonly reason: FrontDropReason }

export function reply(datagrams: ReadonlyArray<Uint8Array>): FrontOutcome {
  return { _tag: "Reply", datagrams }
}

export function dropped(reason: FrontDropReason): FrontOutcome {
  return { _tag: "Dropped", reason }
}

export const forward: FrontOutcome = { _tag: "Forward" }
export const kept: FrontOutcome = { _tag: "Kept" }
