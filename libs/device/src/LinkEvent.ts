import type { Session } from "@roost/dtls"

/** What happens on a link, for someone who wants to watch the protocol. */
export type LinkEvent =
  | { readonly _tag: "Sent"; readonly datagram: Uint8Array; readonly flight: string }
  | { readonly _tag: "Received"; readonly datagram: Uint8Array }
  | { readonly _tag: "Connected"; readonly session: Session; readonly resumed: boolean }
  /** A CoAP message, before it is sealed. */
  | { readonly _tag: "MessageSent"; readonly bytes: Uint8Array }
  /** A CoAP message, opened. */
  | { readonly _tag: "MessageReceived"; readonly bytes: Uint8Array }
  | { readonly _tag: "Closed"; readonly by: "peer" | "local" | "timeout"; readonly reason: string }
