import { assert, describe, it } from "@effect/vitest"
import { NdjsonLines } from "../src/Ndjson.ts"

const utf8 = new TextEncoder()

const split = (chunks: ReadonlyArray<Uint8Array>, lineBytesMax = 100) => {
  const lines = new NdjsonLines(lineBytesMax)
  const found = [...chunks.flatMap((chunk) => lines.push(chunk)), ...lines.end()]
  return found.map(({ bytes, line }) => ({ line, text: bytes && new TextDecoder().decode(bytes) }))
}

describe("NdjsonLines", () => {
  const body = utf8.encode('{"a":1}\r\n\n{"b":"水"}\nend')
  const expected = [
    { line: 1, text: '{"a":1}\r' },
    { line: 3, text: '{"b":"水"}' },
    { line: 4, text: "end" }
  ]

  it("numbers lines and skips empty ones", () => assert.deepStrictEqual(split([body]), expected))

  it("does not care where the chunks end", () => {
    for (let at = 0; at <= body.length; at++) {
      assert.deepStrictEqual(split([body.subarray(0, at), body.subarray(at)]), expected)
    }
    assert.deepStrictEqual(split([...body].map((byte) => Uint8Array.of(byte))), expected)
  })

  it("keeps no more of a line than its limit and goes on after it", () => {
    const long = [utf8.encode("x".repeat(60)), utf8.encode("x".repeat(60)), utf8.encode("xx\nok\n")]
    assert.deepStrictEqual(split(long), [
      { line: 1, text: undefined },
      { line: 2, text: "ok" }
    ])
    assert.deepStrictEqual(split([utf8.encode("y".repeat(100))]), [{ line: 1, text: "y".repeat(100) }])
  })
})
