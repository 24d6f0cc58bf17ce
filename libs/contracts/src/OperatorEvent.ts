import * as Schema from "effect/Schema"

/**
 * Stream EVENT, `roost.event.operator.{kind}`: what befell Roost itself, for operators. Events of devices have one token more, so that
 * no product's or device's key can be taken for `operator`. Each registry tells it; what can't be stored while the store is full is
 * stored when there is room again.
 */
export const OperatorEvent = Schema.Struct({
  kind: Schema.Literals(["stream-nearly-full", "stream-has-room", "store-refuses", "store-takes-again"]),
  /** Milliseconds since 1970. */
  at: Schema.Finite,
  /** The full store, its excess, the effect, and the cure. */
  reason: Schema.String,
  /** The stream that it is about; absent where it is the whole store. */
  stream: Schema.optionalKey(Schema.String),
  /** Bytes that the stream holds, and may hold. */
  bytes: Schema.optionalKey(Schema.Finite),
  bytesMax: Schema.optionalKey(Schema.Finite)
})
export type OperatorEvent = typeof OperatorEvent.Type
