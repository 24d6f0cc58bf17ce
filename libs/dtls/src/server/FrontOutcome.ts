import type { Peer } from "../Peer.ts"

/** Why a datagram had no effect. Nothing was sent, and nobody else's handshake is touched. */
export type FrontDropReason =
  | "NotDtls"
  | "UnexpectedRecord"
  | "PlaintextAlert"
  | "MalformedHandshake"
  | "FragmentedClientHello"
  | "ClientHelloTooLarge"
  | "UnexpectedHandshake"
  | "MalformedClientKeyExchange"
  | "IdentityTooLong"
  | "BufferFull"
  | "ResumePending"
  /** A cookie proved the address, and it may not begin a handshake now. */
  | "HandshakeRate"

/** Why a ClientHello was answered with an alert, or, for a cookie, with another cookie. */
export type HelloRefusal =
  | { readonly reason: "NoCommonSuite"; readonly suites: ReadonlyArray<number> }
  | { readonly reason: "UnsupportedVersion"; readonly version: number }
  | { readonly reason: "IllegalRecordLimit" | "Renegotiation" | "WrongCookie" }

export type FrontOutcome =
  /** To be sent to the peer, in order. `refused`: they turn its ClientHello down. */
  | { readonly _tag: "Reply"; readonly datagrams: ReadonlyArray<Uint8Array>; readonly refused?: HelloRefusal }
  /**
   * ClientKeyExchange is complete: `half` goes to the actor of the device that `identity` names, which may lie in the
   * datagram. With `movedFrom` the client's address changed on the way. The half is that peer's, whose address a cookie
   * proved, and the datagram goes to the actor behind it.
   */
  | {
      readonly _tag: "HandOff"
      readonly identity: Uint8Array
      readonly half: Uint8Array
      readonly movedFrom: Peer | undefined
      /** Since the newest ServerHello that it may answer. */
      readonly waitedMillis: number
    }
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

export function refusal(datagram: Uint8Array, refused: HelloRefusal): FrontOutcome {
  return { _tag: "Reply", datagrams: [datagram], refused }
}

export function dropped(reason: FrontDropReason): FrontOutcome {
  return { _tag: "Dropped", reason }
}

export const forward: FrontOutcome = { _tag: "Forward" }
export const kept: FrontOutcome = { _tag: "Kept" }
