/** Where a datagram came from, as the owner of the socket sees it. */
export interface Peer {
  /** Identifies the peer in the edge's tables, such as "192.0.2.1:5684". */
  readonly key: string
  /** Address and port in an unambiguous binary form; bound into the cookie. At most 255 bytes. */
  readonly address: Uint8Array
}
