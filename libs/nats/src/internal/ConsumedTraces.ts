import { readTraceparent, type TraceContext, traceparentHeader } from "@roost/contracts"
import { tracing } from "@roost/observability"
/** The attributes of a span about a message of a stream. */
interface Consumed {
  readonly header: (name: string) => string
  readonly deliveries: number
  readonly sequence: number
  readonly storedAt: number
}

/** A message whose publisher's request is traced. */
export interface Followed {
  readonly message: Consumed
  readonly parent: TraceContext
}

/** Those of a batch that are traced. */
export const tracedOf = (batch: ReadonlyArray<Consumed>): ReadonlyArray<Followed> =>
  batch.flatMap((message) => {
    const parent = readTraceparent(message.header(traceparentHeader))
    return parent === undefined ? [] : [{ message, parent }]
  })

/** The spans of each: how long it waited in its stream, and how long its batch took. */
export const recordConsumed = (
  { durable, stream }: { readonly durable: string; readonly stream: string },
  followed: ReadonlyArray<Followed>,
  startedAt: number,
  succeeded: boolean
): void => {
  const endedAt = Date.now()
  for (const { message, parent } of followed) {
    const { deliveries, sequence, storedAt } = message
    const attributes = { stream, consumer: durable, sequence, deliveries }
    const waiting = tracing.child(parent)
    tracing.record({
      context: waiting,
      parentId: parent.spanId,
      name: `wait in ${stream}`,
      kind: "consumer",
      // Of nats-server's clock, which may be ahead of this one.
      startedAt: Math.min(storedAt, startedAt),
      endedAt: startedAt,
      attributes
    })
    tracing.record({
      context: tracing.child(parent),
      parentId: waiting.spanId,
      name: durable,
      kind: "consumer",
      startedAt,
      endedAt,
      attributes,
      error: succeeded ? undefined : "the batch failed, and is tried one by one"
    })
  }
}
