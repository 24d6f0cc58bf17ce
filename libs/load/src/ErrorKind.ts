/** All faults that a request or a handshake can have; a closed list, so that reports of two runs can be compared. */
export const errorKinds = [
  /** No response after all retransmissions, or to a NON in `responseMillisMax`. */
  "timeout",
  /** A response whose token is not the request's. */
  "token",
  /** The right token, another code than `expect`. */
  "code",
  /** The right code, a payload that does not name the request's id, or an EnOS code other than 200. */
  "payload",
  /** An ACK of a message that was never sent, or a response in a message type that RFC 7252 §4.2 does not allow. */
  "type",
  /** Bytes that are no CoAP message (RFC 7252 §3). */
  "malformed",
  /** A request from the server. */
  "unexpected",
  /** RST to the request. */
  "reset",
  /** A record that does not verify, or that was received before. */
  "record",
  /** No session after `handshakeMillisMax`. */
  "handshakeTimeout",
  /** The handshake ended in an alert of either side. */
  "handshakeRefused",
  /** The server ended an established session. */
  "sessionClosed",
  /** The socket reported it, such as an ICMP port unreachable. */
  "network",
  /** A command's GET or reply was not answered as it should be. */
  "command"
] as const

export type ErrorKind = (typeof errorKinds)[number]
