/** As `GET /v1/strangers` names them. */
export const strangerKinds = [
  "handshake-refused",
  "handshake-unfinished",
  "registry-unavailable",
  "no-common-suite",
  "unsupported-version",
  "wrong-cookie",
  "datagram-dropped",
  "nobody-knows",
  "not-told"
] as const
export type StrangerKind = (typeof strangerKinds)[number]
