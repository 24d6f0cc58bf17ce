import * as Schema from "effect/Schema"

/** Why a peer that names no registered device was refused, by the name in `GET /v1/strangers`. docs/events.md is written from this list. */
export const strangerKinds = {
  "handshake-refused": "a handshake failed: its identity can't be read, or names no registered device",
  "handshake-unfinished": "a handshake never came to its end",
  "registry-unavailable": "the registry did not answer whether there is such a device",
  "no-common-suite": "the client offers no cipher suite that is served",
  "unsupported-version": "the client does not offer DTLS 1.2",
  "wrong-cookie": "ClientHello has a cookie that is not this cluster's",
  "datagram-dropped": "an edge dropped what is none of a session; the reason says which protocol it looks like",
  "nobody-knows": "no node knows a session of this address or connection id",
  "actor-fault": "an exception in session-actors ended a handshake or a datagram: a fault of Roost",
  "not-told": "more refusals came than are told one by one; it names the kinds and the busiest sources"
} as const

export type StrangerKind = keyof typeof strangerKinds

/** For filters; what is read from the bus may be of a newer version, and any text. */
export const StrangerKind = Schema.Literals(Object.keys(strangerKinds) as Array<StrangerKind>)
