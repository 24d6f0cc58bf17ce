import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { AnyJson, fromJsonText } from "../src/index.ts"

describe("fromJsonText", () => {
  it("passes through a Schema of text both ways (trust E5)", () => {
    const schema = fromJsonText(
      Schema.Struct({ at: Schema.Finite, values: Schema.Record(Schema.String, Schema.Unknown) })
    )
    const text = `{"at":12,"values":{"a":1.0,"__proto__":[1e400]}}`
    assert.strictEqual(Schema.encodeSync(schema)(Schema.decodeUnknownSync(schema)(text)), text)
    assert.isTrue(Result.isFailure(Schema.decodeUnknownResult(schema)("{")))
  })

  it("has any JSON where a schema says so, in a body too (trust E7)", () => {
    const codec = Schema.toCodecJson(Schema.Struct({ value: AnyJson }))
    for (const value of [1, Infinity, null, "x", JSON.rawJSON("1.0"), [JSON.rawJSON("1e400")]]) {
      assert.strictEqual(Schema.decodeUnknownSync(codec)({ value }).value, value)
    }
    assert.isTrue(Result.isFailure(Schema.decodeUnknownResult(codec)({})))
  })
})
