import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

/** A query parameter that is `true` or `false`. */
export const Flag = Schema.Literals(["true", "false"]).pipe(
  Schema.decodeTo(Schema.Boolean, {
    decode: SchemaGetter.transform((text) => text === "true"),
    encode: SchemaGetter.transform((flag) => (flag ? "true" : "false"))
  })
)
