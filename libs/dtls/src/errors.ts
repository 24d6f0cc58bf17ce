import type { HandshakeName } from "./handshake/Header.ts"

/**
 * Malformed input, as data. `by` says whose fault it is; a decoder can only blame the peer.
 *
 * - `Truncated`: a field or vector reaches past the end, or bytes are left over
 * - `DuplicateExtension`: RFC 5246 §7.4.1.4 allows one extension of each type
 * - `IllegalValue`: well-formed, but a value that the RFC excludes; `what` names the field
 */
export interface DecodeError {
  readonly by: "peer"
  readonly reason: "Truncated" | "DuplicateExtension" | "IllegalValue"
  readonly message: HandshakeName
  readonly what?: string
}

/** Why a record can't be sealed; nothing was written. */
export type SealError =
  /** `limit` is what the peer negotiated (RFC 8449, RFC 6066 §4), in bytes of plaintext. */
  | { readonly by: "local"; readonly reason: "PlaintextTooLarge"; readonly limit: number; readonly got: number }
  /** The reserved block of write sequence numbers is used up; reserve another or handshake again. */
  | { readonly by: "local"; readonly reason: "SequenceExhausted"; readonly limit: number }
  /** The session sent or received close_notify or a fatal alert. */
  | { readonly by: "local"; readonly reason: "SessionClosed" }

/** Why serialised state can't be read back. */
export interface StateError {
  readonly by: "local"
  readonly reason: "UnknownVersion" | "Truncated" | "IllegalValue"
  readonly expected: string
  readonly got?: number
}
