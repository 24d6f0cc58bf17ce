import type { Session } from "@roost/dtls"

/** The events of a link, for someone who wants to watch the protocol. */
export type LinkEvent =
  /** `transmission` is above 1 if the flight is sent again. */
  | { readonly _tag: "Sent"; readonly datagram: Uint8Array; readonly flight: string; readonly transmission: number }
  | { readonly _tag: "Received"; readonly datagram: Uint8Array }
  | { readonly _tag: "Connected"; readonly session: Session; readonly resumed: boolean }
  /** A CoAP message, before it is sealed. `again` for a retransmission (RFC 7252 §4.2). */
  | { readonly _tag: "MessageSent"; readonly bytes: Uint8Array; readonly again: boolean }
  /** A CoAP message, opened. */
  | { readonly _tag: "MessageReceived"; readonly bytes: Uint8Array }
  /** The operating system's complaint about our datagrams, such as ECONNREFUSED. It may be forged and ends nothing. */
  | { readonly _tag: "NetworkTrouble"; readonly reason: string }
  | { readonly _tag: "Closed"; readonly by: "peer" | "local" | "timeout"; readonly reason: string }
