import type { FormatReason } from "../Message.ts"
import type { Option } from "../Option.ts"

export interface ClientRequest {
  readonly code: number
  /** Without Block1, Block2, Size1 and Request-Tag: block-wise transfer adds its own. */
  readonly options: ReadonlyArray<Option>
  readonly payload: Uint8Array
  /** CON with retransmission, or a NON that is sent once. A body in blocks is always CON. */
  readonly confirmable: boolean
}

export interface ClientResponse {
  readonly code: number
  /** Of the first block, without the options of block-wise transfer. */
  readonly options: ReadonlyArray<Option>
  /** Assembled. */
  readonly payload: Uint8Array
}

/** Why a request has no response. */
export type FailureReason =
  /** No ACK in MAX_TRANSMIT_WAIT (RFC 7252 §4.2). */
  | "TimedOut"
  /** Acknowledged, or sent as a NON, and then nothing in `responseMillisMax`. */
  | "ResponseMissing"
  /** The server does not want the message (RFC 7252 §4.2). */
  | "Reset"
  /** A block with another ETag than the first: the server has something else by now (RFC 7959 §2.4). */
  | "RepresentationChanged"
  /** Not the block that was asked for. */
  | "BlockUnexpected"
  | "BodyTooLarge"
  | "ExchangesExhausted"

export type ClientIgnoredReason =
  | FormatReason
  | "AckUnexpected"
  | "ResetUnexpected"
  | "NonEmpty"
  | "RequestUnexpected"
  | "CodeClassReserved"
  | "TokenUnknown"
  | "CriticalOptionUnknown"
  | "Duplicate"
  /** An empty ACK: the response comes on its own. */
  | "ResponseToCome"

export type ClientOutput =
  /** Send these bytes to the server now. They are a view of a larger block: to keep them, copy them. */
  | { readonly _tag: "Transmit"; readonly bytes: Uint8Array }
  | { readonly _tag: "Response"; readonly exchange: number; readonly response: ClientResponse }
  | { readonly _tag: "Failed"; readonly exchange: number; readonly reason: FailureReason }
  | { readonly _tag: "Ignored"; readonly reason: ClientIgnoredReason }

export type ClientOutputs = ReadonlyArray<ClientOutput>
