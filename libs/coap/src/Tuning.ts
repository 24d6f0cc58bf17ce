/** The transmission parameters of RFC 7252 §4.8. They only make sense as a set: change the base, the rest is computed. */
export interface TuningBase {
  readonly ackTimeoutMillis: number
  readonly ackRandomFactor: number
  readonly maxRetransmit: number
  /** Outstanding CONs towards one endpoint (RFC 7252 §4.7). */
  readonly nstart: number
  /** The longest that a datagram is taken to live in the network (RFC 7252 §4.8.2). */
  readonly maxLatencyMillis: number
}

/** The time values that follow from the base (RFC 7252 §4.8.2). */
export interface Tuning extends TuningBase {
  /** First transmission of a CON to its last retransmission. */
  readonly maxTransmitSpanMillis: number
  /** First transmission of a CON to giving up. */
  readonly maxTransmitWaitMillis: number
  readonly processingDelayMillis: number
  readonly maxRttMillis: number
  /** Starting to send a CON to the moment its message id may be used again. */
  readonly exchangeLifetimeMillis: number
  /** The same for a NON. */
  readonly nonLifetimeMillis: number
}

export const makeTuning = (base: TuningBase): Tuning => {
  const spread = base.ackTimeoutMillis * base.ackRandomFactor
  const maxTransmitSpanMillis = spread * (2 ** base.maxRetransmit - 1)
  const processingDelayMillis = base.ackTimeoutMillis
  const maxRttMillis = 2 * base.maxLatencyMillis + processingDelayMillis
  return {
    ...base,
    maxTransmitSpanMillis,
    maxTransmitWaitMillis: spread * (2 ** (base.maxRetransmit + 1) - 1),
    processingDelayMillis,
    maxRttMillis,
    exchangeLifetimeMillis: maxTransmitSpanMillis + maxRttMillis,
    nonLifetimeMillis: maxTransmitSpanMillis + base.maxLatencyMillis
  }
}

/** The defaults of RFC 7252 §4.8: EXCHANGE_LIFETIME 247 s, NON_LIFETIME 145 s. */
export const defaultTuning: Tuning = makeTuning({
  ackTimeoutMillis: 2_000,
  ackRandomFactor: 1.5,
  maxRetransmit: 4,
  nstart: 1,
  maxLatencyMillis: 100_000
})
