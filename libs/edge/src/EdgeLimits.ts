/** What strangers can make one edge keep or send. */
export interface EdgeLimits {
  /** Addresses and connection ids with a known partition, each. A miss costs a question to the actors, nothing more. */
  readonly routesMax: number
  /** Peers whose handshake was handed to an actor. */
  readonly handedOffMax: number
  /** How long such a peer is remembered, at least; at most twice as long. */
  readonly handedOffMillis: number
  /** Handshake datagrams of one address and port per second, and how many it may save up (D15). */
  readonly handshakesPerSecondMax: number
  readonly handshakesBurstMax: number
  /** Addresses whose rate is remembered. */
  readonly ratesMax: number
  /** Datagrams per second that go to every node because nobody knows them. */
  readonly unroutedPerSecondMax: number
  /** How long a peer that nobody answered for is not asked about again; one noisy peer can't use up the others' share. */
  readonly unroutedQuietMillis: number
  /** Peers of which that is remembered. */
  readonly unroutedPeersMax: number
  /**
   * How long a session id is looked for before the handshake goes on as a full one, unless every node knows nothing of it
   * before. Below the second after which a client sends its ClientHello again (RFC 6347 §4.2.4.1).
   */
  readonly resumeWaitMillis: number
  /** Resumptions that are looked for at once. */
  readonly resumesMax: number
}

export const defaultEdgeLimits: EdgeLimits = {
  routesMax: 1_000_000,
  handedOffMax: 200_000,
  handedOffMillis: 60_000,
  handshakesPerSecondMax: 5,
  handshakesBurstMax: 20,
  ratesMax: 200_000,
  unroutedPerSecondMax: 20_000,
  unroutedQuietMillis: 1000,
  unroutedPeersMax: 100_000,
  resumeWaitMillis: 900,
  resumesMax: 20_000
}
