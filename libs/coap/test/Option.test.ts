import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import {
  blockOption,
  Code,
  codeClass,
  decodeBlock,
  decodeString,
  decodeUint,
  encodeUint,
  formatCode,
  isCritical,
  isUnsafe,
  OptionNumber
} from "../src/index.ts"
import { hex, toHex } from "./support/build.ts"

const Between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

describe("options", () => {
  it("makes EnOS's 2100 elective and safe to forward, RFC 7252 §5.4.6", () => {
    assert.deepStrictEqual(
      [isCritical(OptionNumber.PendingCommand), isUnsafe(OptionNumber.PendingCommand)],
      [false, false]
    )
    assert.deepStrictEqual([isCritical(OptionNumber.UriPath), isUnsafe(OptionNumber.UriPath)], [true, true])
    assert.deepStrictEqual([isCritical(OptionNumber.IfMatch), isUnsafe(OptionNumber.IfMatch)], [true, false])
  })

  it("writes uints in the shortest form and reads leading zeros, RFC 7252 §3.2", () => {
    assert.deepStrictEqual(
      [0, 1, 255, 256, 65_536, 0xffffffff].map((value) => toHex(encodeUint(value))),
      ["", "01", "ff", "0100", "010000", "ffffffff"]
    )
    assert.strictEqual(decodeUint(hex("00000032")), 50)
  })

  it.prop("reads every uint that it has written", [Between(0, 0xffffffff)], ([value]) => {
    assert.strictEqual(decodeUint(encodeUint(value)), value)
  })

  it.prop(
    "reads every block that it has written, RFC 7959 §2.2",
    [Between(0, 0xfffff), Schema.Boolean, Between(0, 6)],
    ([num, more, szx]) => {
      const { value } = blockOption(OptionNumber.Block1, { num, more, szx })
      assert.isAtMost(value.length, 3)
      assert.deepStrictEqual(decodeBlock(value), { num, more, szx })
    }
  )

  it("says that bytes are not UTF-8", () => {
    assert.strictEqual(decodeString(hex("e8aebe")), "设")
    for (const bytes of ["c328", "eda080", "f4908080", "ff"]) assert.strictEqual(decodeString(hex(bytes)), undefined)
  })

  it("writes codes the way the RFCs do", () => {
    assert.deepStrictEqual([Code.Changed, Code.BadOption, Code.TooManyRequests, 0x1f].map(formatCode), [
      "2.04",
      "4.02",
      "4.29",
      "0.31"
    ])
    assert.strictEqual(codeClass(Code.ProxyingNotSupported), 5)
  })
})
