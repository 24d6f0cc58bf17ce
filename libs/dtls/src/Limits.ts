/** Bounds of the front half: what peers can make one edge process keep. */
export interface FrontHalfLimits {
  /** Handshakes past the cookie and before ClientKeyExchange; the source with the most loses its oldest to a new one. */
  readonly peersInHandshakeMax: number
  /** A larger ClientHello is dropped before anything is looked at; those that are kept of one peer have no more bytes together. */
  readonly clientHelloBytesMax: number
  /**
   * ClientHellos of one peer, and ClientKeyExchanges, that go on beside each other, since nothing tells its own from copies and
   * forgeries before Finished. When there is one more, the last one gives way, of hellos the last one with the same cookie. The
   * first ones stay, and the newest.
   */
  readonly alternativesPerPeerMax: number
  /** Peers whose key exchange comes in pieces, and how many versions of it are kept of each, since pieces may be forged. */
  readonly peersInPiecesMax: number
  readonly versionsPerPeerMax: number
  /** Bytes of records of one peer that overtook ClientKeyExchange or came in its datagram; what is more is dropped. */
  readonly bytesPerPeerMax: number
  /**
   * From the ClientHello with cookie to a complete ClientKeyExchange. With RFC 7925 §11's timer, a hello goes out again after
   * 9, 27, 63 and 123 s.
   */
  readonly handshakeTimeoutMillis: number
  /** RFC 4279 §5.3 requires 128. Longer ones are dropped, which looks like a wrong key. */
  readonly identityBytesMax: number
  /** Size of the datagrams that we send; 1280 is IPv6's minimum MTU, minus IPv6 and UDP headers. */
  readonly datagramBytesMax: number
}

export const frontHalfLimits: FrontHalfLimits = {
  peersInHandshakeMax: 32_768,
  clientHelloBytesMax: 2048,
  alternativesPerPeerMax: 3,
  peersInPiecesMax: 2_048,
  versionsPerPeerMax: 16,
  bytesPerPeerMax: 512,
  handshakeTimeoutMillis: 180_000,
  identityBytesMax: 128,
  datagramBytesMax: 1232
}

/** Bounds of the back half: what one device can make its actor keep while its handshake is pending. */
export interface BackHalfLimits {
  /** Records kept while the key is awaited or ChangeCipherSpec has not come. */
  readonly pendingBytesMax: number
}

export const backHalfLimits: BackHalfLimits = { pendingBytesMax: 2048 }

/** Length of the connection ids that the server hands out (RFC 9146 §3). */
export const serverCidBytes = 8

/** RFC 6347 §4.2.1 allows 255; HelloVerifyRequest must stay smaller than the smallest ClientHello. */
export const cookieBytes = 16

/** How long a cookie key is in use; a cookie lives for one to two periods. */
export const cookiePeriodMillis = 60_000
