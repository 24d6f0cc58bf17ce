import { parseJson } from "@roost/enos"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaIssue from "effect/SchemaIssue"

/** Any JSON, its numbers as they were written. `Schema.Unknown` in a body is `Schema.Json`, which refuses `1e400`. */
export const AnyJson = Schema.declare((_value): _value is unknown => true, {
  expected: "JSON",
  toCodecJson: () => undefined
})

/** `Schema.fromJsonString` with the lossless reader: for what passes between services and into buckets. */
export const fromJsonText = <S extends Schema.Constraint>(schema: S) =>
  Schema.String.pipe(Schema.decodeTo(schema, { decode: parseText, encode: SchemaGetter.stringifyJson() }))

const parseText = SchemaGetter.transformEffect((text: string, options) =>
  Effect.try({
    try: () => parseJson(text),
    catch: () => new SchemaIssue.InvalidValue({ expected: "a valid JSON string" }, text, options)
  })
)
