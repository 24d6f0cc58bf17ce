/** The parts of the reply subject of a consumer's message. */
export interface Delivery {
  /** Times that the message was delivered, 1 the first time. */
  readonly deliveryCount: number
  /** In the stream. */
  readonly sequence: number
  /** Among what the consumer delivered. */
  readonly delivery: number
  /** When the stream stored it, since 1970; rounded to what a number can hold. */
  readonly timestampNanos: number
  /** Messages that the consumer has yet to deliver. */
  readonly pending: number
}

/**
 * NATS ADR-15: `$JS.ACK.{stream}.{consumer}.{deliveries}.{stream sequence}.{consumer sequence}.{time}.{pending}`, with domain and
 * account after `ACK` in the form that newer servers may use.
 */
export const deliveryOf = (reply: string | undefined): Delivery => {
  const tokens = reply?.split(".") ?? []
  const at = tokens.length === 9 ? 4 : 6
  return {
    deliveryCount: Number(tokens[at]),
    sequence: Number(tokens[at + 1]),
    delivery: Number(tokens[at + 2]),
    timestampNanos: Number(tokens[at + 3]),
    pending: Number(tokens[at + 4])
  }
}
