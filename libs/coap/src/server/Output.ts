import type { FormatReason } from "../Message.ts"
import type { Option } from "../Option.ts"
import type { Refusal, RefusalReason, Request } from "../Request.ts"

export interface Response {
  readonly code: number
  readonly options: ReadonlyArray<Option>
  readonly payload: Uint8Array
}

/** Why a message is sent. */
export type TransmitCause =
  | "Response"
  | "SeparateResponse"
  | "Retransmission"
  /** A duplicate request gets the bytes of the first answer again. */
  | "Duplicate"
  | "EmptyAck"
  | "Continue"
  | "NextBlock"
  /** 5.00 in place of a response that the session's records or the limits have no room for. */
  | "ResponseTooLarge"
  /** RST to a ping (RFC 7252 §4.3). */
  | "Pong"
  /** RST to a CON that is neither a request nor a ping. */
  | "ResponseUnexpected"
  | "CodeClassReserved"
  /** RST to a CON that is not well-formed. */
  | FormatReason
  /** An error response on the message layer's own account. */
  | RefusalReason

export type IgnoredReason =
  | FormatReason
  | RefusalReason
  | "NonEmpty"
  | "AckUnexpected"
  | "ResetUnexpected"
  | "ResponseUnexpected"
  | "CodeClassReserved"
  | "RequestInAckOrReset"
  /** The application is still at work, or the first copy was a NON. */
  | "DuplicateIgnored"
  /** The message id is known, the response had to be dropped to bound memory. */
  | "DuplicateForgotten"
  /** The application answered an exchange that is over, unknown, or answered already. */
  | "ExchangeUnknown"
  /** The client asked for no response of this class (RFC 7967). */
  | "ResponseUnwanted"

export type Output =
  /** Send these bytes to the device now. They are a view of a larger block: to keep them, copy them. */
  | {
      readonly _tag: "Transmit"
      readonly bytes: Uint8Array
      readonly cause: TransmitCause
      /** The message that it refused, on the message layer's own account. */
      readonly refusal?: Refusal
    }
  /** For the application; answer with `respond` and this exchange number. Views of the datagram: do not overwrite it meanwhile. */
  | {
      readonly _tag: "Request"
      readonly exchange: number
      readonly request: Request
      /** The same message came in the device's session before, which another handshake ended. */
      readonly mayRepeat: boolean
    }
  /** An empty ACK is due (`SessionLimits.acksWait`): store what `serialize` gives, then call `acknowledge`. */
  | { readonly _tag: "AckDue"; readonly exchange: number }
  /**
   * The end of a separate response. `Reset`: the client does not want it. `TimedOut`: no ACK in MAX_TRANSMIT_WAIT.
   * `Displaced`: as many newer ones wait as may.
   */
  | {
      readonly _tag: "Concluded"
      readonly exchange: number
      readonly outcome: "Acknowledged" | "Reset" | "TimedOut" | "Displaced"
    }
  /** Nothing happens; count it. With a `refusal` that would be an error response, had the client not asked for silence. */
  | { readonly _tag: "Ignored"; readonly reason: IgnoredReason; readonly refusal?: Refusal }

export type Outputs = ReadonlyArray<Output>

export const transmit = (bytes: Uint8Array, cause: TransmitCause): Outputs => [{ _tag: "Transmit", bytes, cause }]

export const ignored = (reason: IgnoredReason): Outputs => [{ _tag: "Ignored", reason }]

/** The same outputs, which say what was refused by them. */
export const refusing = (outputs: Outputs, refusal: Refusal): Outputs =>
  outputs.map((output) => (output._tag === "Transmit" || output._tag === "Ignored" ? { ...output, refusal } : output))
