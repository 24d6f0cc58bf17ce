import * as Schema from "effect/Schema"

/** The latest value of a point. */
export const LatestValue = Schema.Struct({
  value: Schema.Unknown,
  quality: Schema.optionalKey(Schema.Int),
  time: Schema.Finite.annotate({ description: "Milliseconds since 1970: what the device said, or its reception." })
}).annotate({ identifier: "LatestValue" })
export type LatestValue = typeof LatestValue.Type

/** By point. */
export const LatestValues = Schema.Record(Schema.String, LatestValue)
export type LatestValues = typeof LatestValues.Type
