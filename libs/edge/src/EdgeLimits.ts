/**
 * The state and the datagrams that strangers can cost one edge. All tables full of IPv6 peers take less than 200 MB of heap, so that an
 * edge
 * fits a container of 256 MB (README).
 */
export interface EdgeLimits {
  /** Addresses and connection ids with a known partition, each. A miss costs a question to the actors, nothing more. */
  readonly routesMax: number
  /** Peers whose handshake was handed to an actor. */
  readonly handedOffMax: number
  /** Owners that are told of what comes from one such peer: more than one only where key exchanges are forged. */
  readonly ownersPerPeerMax: number
  /** Halves of handshakes that no owner has confirmed, for the next one; each at most so many bytes. */
  readonly halvesMax: number
  readonly halfBytesMax: number
  /**
   * How long an owner that did not confirm a half is not given it again; twice as long after each time. Below the second after
   * which a client sends its flight again (RFC 6347 §4.2.4.1), and above the time that the datagrams of one flight take.
   */
  readonly halfQuietMillis: number
  /** How long such a peer is remembered, at least; at most twice as long. */
  readonly handedOffMillis: number
  /** Bytes of a datagram of a peer without a session here: more than any handshake has, or any device that is asked about. */
  readonly strangerBytesMax: number
  /**
   * Handshakes that one address and port may begin per second, and how many it may save up (D15). A cookie proved it. As many
   * more may come with cookies that were seen before.
   */
  readonly handshakesPerSecondMax: number
  readonly handshakesBurstMax: number
  /** The same for one source, an IPv4 address or an IPv6 network of 64 bits: a NAT may have many devices behind it. */
  readonly handshakesPerSourceSecondMax: number
  readonly handshakesPerSourceBurstMax: number
  /** Addresses whose rate is remembered, and sources, and cookies. */
  readonly ratesMax: number
  /** Datagrams per second that go to every node because nobody knows them. */
  readonly unroutedPerSecondMax: number
  /** The same of one source, and how many it may save up, while less than half of the above is left. */
  readonly unroutedPerSourceSecondMax: number
  readonly unroutedPerSourceBurstMax: number
  /** How long a peer or connection id that nobody answered for is not asked about again. */
  readonly unroutedQuietMillis: number
  /** Peers and connection ids of which that is remembered. */
  readonly unroutedPeersMax: number
  /**
   * Datagrams of handshakes per second that the other edges are told of, because this one has no half of them: each costs every edge.
   * Enough for a balancer that spreads 1 700 handshakes a second packet by packet.
   */
  readonly straysPerSecondMax: number
  /** The same of one source, and how many it may save up, while less than half of the above is left. */
  readonly straysPerSourceSecondMax: number
  readonly straysPerSourceBurstMax: number
  /** The same of one address and port. A flight has three datagrams, more where its key exchange comes in pieces. */
  readonly straysPerPeerSecondMax: number
  readonly straysPerPeerBurstMax: number
  /**
   * How long a session id is looked for before the handshake goes on as a full one, unless every node knows nothing of it
   * before. Below the second after which a client sends its ClientHello again (RFC 6347 §4.2.4.1).
   */
  readonly resumeWaitMillis: number
  /** Resumptions that are looked for at once; more, and the oldest of the source with the most goes on as a full handshake. */
  readonly resumesMax: number
  /** Resumptions of one source that every node is asked for, per second and saved up; more go on as full handshakes. */
  readonly resumesPerSourceSecondMax: number
  readonly resumesPerSourceBurstMax: number
  /** The same of all sources. */
  readonly resumesPerSecondMax: number
}

export const defaultEdgeLimits: EdgeLimits = {
  routesMax: 300_000,
  handedOffMax: 100_000,
  ownersPerPeerMax: 3,
  halvesMax: 10_000,
  halfBytesMax: 2_048,
  halfQuietMillis: 500,
  handedOffMillis: 180_000,
  strangerBytesMax: 2048,
  handshakesPerSecondMax: 5,
  handshakesBurstMax: 20,
  handshakesPerSourceSecondMax: 2_000,
  handshakesPerSourceBurstMax: 10_000,
  ratesMax: 20_000,
  unroutedPerSecondMax: 20_000,
  unroutedPerSourceSecondMax: 1_000,
  unroutedPerSourceBurstMax: 5_000,
  unroutedQuietMillis: 1000,
  unroutedPeersMax: 50_000,
  straysPerSecondMax: 5_000,
  straysPerSourceSecondMax: 500,
  straysPerSourceBurstMax: 2_000,
  straysPerPeerSecondMax: 8,
  straysPerPeerBurstMax: 32,
  resumeWaitMillis: 900,
  resumesMax: 5_000,
  resumesPerSourceSecondMax: 500,
  resumesPerSourceBurstMax: 2_000,
  resumesPerSecondMax: 5_000
}
