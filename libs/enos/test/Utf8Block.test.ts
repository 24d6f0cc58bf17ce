import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { encodeUtf8 } from "../src/Utf8Block.ts"

const same = (given: ReadonlyArray<string>) => {
  const encoded = given.map(encodeUtf8)
  for (const [index, text] of given.entries()) {
    assert.deepStrictEqual([...encoded[index]!], [...new TextEncoder().encode(text)])
  }
}

describe("encodeUtf8", () => {
  it.prop("gives what a TextEncoder gives, also after others were encoded", [Schema.Array(Schema.String)], ([texts]) =>
    same(texts)
  )

  it("goes on in another block, and alone with what is large", () =>
    same(["€".repeat(600), ...Array.from({ length: 60 }, (_, index) => "é".repeat(index * 11)), "x".repeat(5000), ""]))
})
