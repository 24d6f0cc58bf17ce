import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import {
  compareNumerals,
  decodeCommandReply,
  decodeRequest,
  encodeReply,
  exactValueOf,
  parseJson,
  plainNumbers,
  reportedPoints
} from "../../src/index.ts"
import { Numeral, numeralText, writtenNumbers } from "../support/numerals.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const textOf = (payload: Uint8Array) => new TextDecoder().decode(payload)

const texts = (numeral: string): ReadonlyArray<string> => [
  numeral,
  `[${numeral}]`,
  `{"a":${numeral},"b":[[${numeral},"${numeral}"],{"c":{"d":${numeral}}}],"e-${numeral}":"${numeral},"}`
]

describe("the lossless reader", () => {
  for (const numeral of writtenNumbers) {
    it(`keeps ${numeral} as it was written (trust E5)`, () => {
      for (const text of texts(numeral)) assert.strictEqual(JSON.stringify(parseJson(text)), text)
    })
  }

  it.prop("keeps any number anywhere (trust E5)", [Numeral], ([parts]) => {
    for (const text of texts(numeralText(parts))) assert.strictEqual(JSON.stringify(parseJson(text)), text)
  })

  it.prop("gives the same as JSON.parse but for the numbers (trust E5)", [Numeral], ([parts]) => {
    for (const text of texts(numeralText(parts)))
      assert.deepStrictEqual(plainNumbers(parseJson(text)), JSON.parse(text))
  })

  it("lets JavaScript have the numbers that it writes as they are (trust E5)", () => {
    assert.deepStrictEqual(parseJson(`[0,-1,21.5,1700000000123,0.000001,123456789012345,"1.0","-0"]`), [
      0,
      -1,
      21.5,
      1_700_000_000_123,
      0.000_001,
      123_456_789_012_345,
      "1.0",
      "-0"
    ])
  })

  it("takes the last of a key given twice, and __proto__ as a key (trust E5)", () => {
    const read = parseJson(`{"a":1.0,"a":{"b":1,"b":2.0},"__proto__":{"x":1e3},"c":{"__proto__":1.0}}`) as object
    assert.strictEqual(JSON.stringify(read), `{"a":{"b":2.0},"__proto__":{"x":1e3},"c":{"__proto__":1.0}}`)
    assert.strictEqual(Object.getPrototypeOf(read), Object.prototype)
    assert.strictEqual(JSON.stringify(plainNumbers(read)), `{"a":{"b":2},"__proto__":{"x":1000},"c":{"__proto__":1}}`)
  })
})

describe("numbers of a device", () => {
  it.prop("as an id come back as they were written (trust E5)", [Numeral], ([parts]) => {
    const numeral = numeralText(parts)
    const request = decodeRequest(bytes(`{"id":${numeral},"version":"1.0","method":"m","params":{}}`))
    assert.strictEqual(
      textOf(encodeReply(Result.getOrThrow(request).id, 200)),
      `{"id":${numeral},"code":200,"data":{}}`
    )
  })

  it("as code and id of a command's reply count by their value (trust E5)", () => {
    const reply = (id: string, code: string) =>
      Result.map(decodeCommandReply(bytes(`{"id":${id},"code":${code},"data":{"a":1.0}}`)), ({ id, code }) => [
        id,
        code
      ])
    assert.deepStrictEqual(reply("7.0", "2e2"), Result.succeed(["7", 200]))
    assert.deepStrictEqual(reply("1234567890123456789", "200.0"), Result.succeed(["1234567890123456789", 200]))
    assert.isTrue(Result.isFailure(reply("7", "200.5")))
    assert.isTrue(Result.isFailure(reply("7", "200.00000000000000000001")))
  })

  it.prop("as points, times and qualities are reported as they were written (trust E6)", [Numeral], ([parts]) => {
    const n = numeralText(parts)
    const points = reportedPoints(
      bytes(
        `{"version":"1.0","method":"m","params":{"measurepoints":{"a":${n},"b":{"value":[${n}],"quality":9.0}},"time":${n}}}`
      ),
      1
    )
    assert.strictEqual(
      JSON.stringify(points),
      `[{"id":"a","value":${n},"time":${n}},{"id":"b","value":[${n}],"quality":9.0,"time":${n}}]`
    )
  })
})

describe("compareNumerals", () => {
  it("compares by value, whatever the length (trust E5)", () => {
    const ascending = [
      "-1e400",
      "-2",
      "-1.5",
      "-1e-400",
      "0",
      "1e-400",
      "0.1",
      "0.10000000000000000000001",
      "9007199254740992",
      "9007199254740993",
      "1e400"
    ]
    for (let i = 1; i < ascending.length; i++) {
      assert.isBelow(compareNumerals(ascending[i - 1]!, ascending[i]!), 0, ascending[i])
      assert.isAbove(compareNumerals(ascending[i]!, ascending[i - 1]!), 0, ascending[i])
    }
    for (const [a, b] of [
      ["1.0", "1"],
      ["-0", "0.00e9"],
      ["1e3", "1000"],
      ["120e-1", "12"],
      ["0.5", "5E-1"]
    ] as const) {
      assert.strictEqual(compareNumerals(a, b), 0, `${a} ${b}`)
    }
  })

  it("finds JavaScript's number of exactly the value (trust E5)", () => {
    const exact = (numeral: string) => exactValueOf({ rawJSON: numeral })
    assert.deepStrictEqual(
      ["1.0", "1e3", "9007199254740992.0", "0.50"].map(exact),
      [1, 1000, 9_007_199_254_740_992, 0.5]
    )
    for (const numeral of ["9007199254740993", "1e400", "2147483647.00000000000001", "1e-400"]) {
      assert.isNaN(exact(numeral), numeral)
    }
  })
})
