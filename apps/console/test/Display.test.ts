import { assert, describe, it } from "@effect/vitest"
import { bytes, rate } from "../src/display/numbers.ts"
import { agoText, spanText } from "../src/display/times.ts"
import { en } from "../src/language/en/index.ts"
import { zh } from "../src/language/zh/index.ts"

describe("times and numbers", () => {
  it("are told with their units, in the reader's language", () => {
    // Short forms differ between versions of the locales' data.
    assert.match(spanText(300_000, "en"), /^5 mins?$/)
    assert.match(spanText(3_905_000, "en"), /^1 hr 5 mins?$/)
    assert.strictEqual(spanText(42.4, "en"), "42 ms")
    assert.match(spanText(3_600_000, "zh-CN"), /1.?小时/)
    assert.match(agoText(58_000, 70_000, "en"), /^12 sec\.? ago$/)
    // Clocks of two machines differ a little.
    assert.strictEqual(agoText(71_500, 70_000, "en"), "now")
    assert.strictEqual(rate(0.2, "en"), "0.2")
    assert.strictEqual(rate(1234.6, "en"), "1,235")
    assert.strictEqual(bytes(277_100_000, "en"), "277.1 MB")
    assert.match(bytes(0, "en"), /^0 bytes?$/)
  })
})

describe("the languages", () => {
  it("say the same things, and none is left in English", () => {
    const untranslated: Array<string> = []
    const compare = (a: object, b: object, path: string) => {
      assert.deepStrictEqual(Object.keys(b).toSorted(), Object.keys(a).toSorted(), path)
      for (const [name, value] of Object.entries(a)) {
        const other: unknown = Reflect.get(b, name)
        const at = `${path}.${name}`
        if (typeof value === "object") compare(value, other as object, at)
        else if (typeof value === "string" && value === other && !/^[\w ]{0,11}$/.test(value)) untranslated.push(at)
      }
    }
    compare(en, zh, "")
    assert.deepStrictEqual(untranslated, [])
  })
})
