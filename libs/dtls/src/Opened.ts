/** Why a record had no effect. It did not verify; the session is as before (RFC 6347 §4.1.2.7). */
export type RecordDropReason =
  | "Malformed"
  | "PlaintextRecord"
  | "WrongEpoch"
  | "WrongVersion"
  | "CidExpected"
  | "CidUnexpected"
  | "WrongCid"
  | "Replay"
  | "BadRecord"
  | "SessionClosed"

/** Contents of a verified record that mean nothing. */
export type IgnoredReason = "ChangeCipherSpec" | "Handshake" | "WarningAlert" | "MalformedAlert" | "UnknownContentType"

/**
 * One record's effect. `next` is the offset of the next record of the datagram. `newest` says that the record verified
 * and is newer than all before it: condition (b) of RFC 9146 §6 for taking over the sender's address.
 */
export type Opened =
  | {
      readonly _tag: "ApplicationData"
      readonly plaintext: Uint8Array
      readonly newest: boolean
      readonly next: number
    }
  /** The peer ended the session: `close_notify`, or the name of a fatal alert. */
  | {
      readonly _tag: "Closed"
      readonly by: "peer"
      readonly alert: string
      /** The session's id must not be used for a resumption any more (RFC 5246 §7.2.2). */
      readonly fatal: boolean
      /** Our close_notify, which answers the peer's (RFC 5246 §7.2.1), to be sent; undefined after a fatal alert. */
      readonly reply: Uint8Array | undefined
      readonly newest: boolean
      readonly next: number
    }
  /** To be sent to the peer: it repeated its last flight, or asked for a renegotiation, which is refused. */
  | {
      readonly _tag: "Answer"
      readonly reason: "LastFlightRepeated" | "RenegotiationRefused"
      readonly bytes: Uint8Array
      readonly newest: boolean
      readonly next: number
    }
  | { readonly _tag: "Ignored"; readonly reason: IgnoredReason; readonly newest: boolean; readonly next: number }
  | { readonly _tag: "Dropped"; readonly reason: RecordDropReason; readonly next: number }

export function droppedRecord(reason: RecordDropReason, next: number): Opened {
  return { _tag: "Dropped", reason, next }
}
