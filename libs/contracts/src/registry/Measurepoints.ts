import { JsonNumber } from "@roost/enos"
import * as Schema from "effect/Schema"
import { AnyJson } from "../JsonText.ts"

/** The latest value of a point. */
export const LatestValue = Schema.Struct({
  value: AnyJson,
  quality: Schema.optionalKey(JsonNumber.annotate({ description: "0–9, as the device wrote it." })),
  time: JsonNumber.annotate({
    description: "Milliseconds since 1970: what the device said, as it wrote it, or its reception."
  })
}).annotate({ identifier: "LatestValue" })
export type LatestValue = typeof LatestValue.Type

/** By point. */
export const LatestValues = Schema.Record(Schema.String, LatestValue)
export type LatestValues = typeof LatestValues.Type
