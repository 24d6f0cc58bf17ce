/** Where a datagram came from, as the owner of the socket sees it. */
export interface Peer {
  /** Identifies the peer in the edge's tables. A number is found without a string being made of it. */
  readonly key: number | string
  /** Address and port in an unambiguous binary form; bound into the cookie. At most 255 bytes. */
  readonly address: Uint8Array
}
