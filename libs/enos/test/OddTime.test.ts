import { assert, describe, it } from "@effect/vitest"
import { checkUplinkParams, oddTimeOf, parseJson } from "../src/index.ts"

const now = 1_795_476_031_270
const post = "thing.measurepoint.post"
const odd = (time: string, method = post) =>
  oddTimeOf(method, parseJson(`{"measurepoints":{"a":1},"time":${time}}`), now)
const context = { productKey: "pk", deviceKey: "dk", model: undefined }
const refusal = (method: string, params: string) => checkUplinkParams(method, parseJson(params), context)

describe("the time of a message", () => {
  for (const time of [
    "0",
    "1",
    "0.0",
    "1e3",
    "1795476031",
    "9007199254740993",
    "18446744073709551616",
    "1e400",
    "-0"
  ]) {
    it(`${time} is accepted (trust E10)`, () => {
      assert.isUndefined(refusal(post, `{"measurepoints":{"a":1},"time":${time}}`))
      assert.isUndefined(refusal(`${post}.batch`, `[{"measurepoints":{"a":1},"time":${time}}]`))
      assert.isUndefined(refusal("thing.event.e.post", `{"events":{},"time":${time}}`))
    })
  }

  for (const time of [
    `"1795476031270"`,
    `"now"`,
    "0.5",
    "1795476031.270",
    "1.5e0",
    "-1",
    "-1e400",
    "null",
    "true",
    "{}",
    "[1]"
  ]) {
    it(`${time} is refused by a code of parameters (trust E10)`, () => {
      assert.strictEqual(refusal(post, `{"measurepoints":{"a":1},"time":${time}}`)?.code, 1206)
      assert.strictEqual(refusal(`${post}.batch`, `[{"measurepoints":{"a":1},"time":${time}}]`)?.code, 1206)
      assert.strictEqual(refusal("thing.event.e.post", `{"events":{},"time":${time}}`)?.code, 1200)
    })
  }

  for (const [time, far, cause] of [
    ["1795476031", /57 years behind/, /in seconds/],
    ["1795476031270000", /years ahead/, /microseconds/],
    ["0", /57 years behind/, /not set/],
    ["86400", /57 years behind/, /device's start/],
    [`${now - 946_684_800_000}`, /30 years behind/, /from 2000/],
    [`${now + 8 * 3_600_000}`, /8 hours ahead/, /local time/],
    [`${now + 700_000}`, /12 minutes ahead/, /local time/],
    [`${now - 3 * 86_400_000}`, /3 days behind/, undefined],
    ["1e400", /more than a million years ahead/, undefined]
  ] as const) {
    it(`${time} is told with how far it is off, and why (trust E10)`, () => {
      const told = odd(time)
      assert.match(told!.text, far)
      assert.include(told!.text, `time ${time} is`)
      if (cause !== undefined) assert.match(told!.text, cause)
    })
  }

  it("near enough, or left out, is nothing to tell; what is resumed may be old (trust E10)", () => {
    for (const time of [`${now}`, `${now}.0`, `${now + 599_000}`, `${now - 3_600_000}`]) assert.isUndefined(odd(time))
    assert.isUndefined(oddTimeOf(post, { measurepoints: {} }, now))
    assert.isUndefined(odd(`${now - 400 * 86_400_000}`, "thing.measurepoint.resume"))
    assert.match(odd("1795476031", "thing.measurepoint.resume")!.text, /seconds/)
    assert.match(oddTimeOf(`${post}.batch`, [{ time: now }, { time: 0 }], now)!.text, /time 0/)
  })
})
