import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { decodeCommandReply, decodeRequest, oddMessageOf, oddReplyOf } from "../src/index.ts"

const utf8 = (text: string) => new TextEncoder().encode(text)

const odd = (text: string) => {
  const payload = utf8(text)
  const { method, params, whole } = Result.getOrThrow(decodeRequest(payload))
  return oddMessageOf(payload, whole, method, params)
}
const post = (params: string, more = "", version = "1.0") =>
  `{"id":"1","version":"${version}","method":"thing.measurepoint.post","params":${params}${more}}`
const ofValues = `{"measurepoints":{"temp":21.5}}`

describe("what nobody reads of a message that is accepted", () => {
  it("is nothing in the messages of EnOS's documents and libraries", () => {
    for (const text of [
      post(`{"measurepoints":{"temp":{"value":1,"quality":0},"url":"a\\":\\"b"},"time":1700000000000}`),
      post(ofValues, "", "1.1"),
      post(ofValues, "", "1.0.0"),
      `{"id":"1","version":"1.0","method":"thing.tag.update","params":[{"tagKey":"a","tagValue":"b"},{"tagKey":"a","tagValue":"c"}]}`,
      `{"id":"1","version":"1.0","allowOfflineSubDevice":true,"skipInvalidMeasurepoints":true,"method":"thing.measurepoint.resume.batch",` +
        `"params":[{"measurepoints":{"temp":1.0},"time":1,"productKey":"a","deviceKey":"b"}]}`,
      `{"id":"1","version":"1.0","method":"ota.device.inform","params":{"version":"v1.0"}}`
    ]) {
      assert.isUndefined(odd(text), text)
    }
  })

  it("is a key that comes twice, wherever it is and however it is written", () => {
    for (const [text, key] of [
      [post(`{"measurepoints":{"temp":1,"temp":2}}`), "temp"],
      [post(`{"measurepoints":{"temp":1,"\\u0074emp":2}}`), "temp"],
      [post(`{"measurepoints":{"a":[{"x" : 1,"y":"\\":","x"\n:2}]}}`), "x"],
      [post(ofValues, `,"id":"2"`), "id"],
      [post(ofValues, `,"params":{"measurepoints":{}}`), "params"]
    ] as const) {
      assert.strictEqual(odd(text), `"${key}" comes twice in one object: the last one counts`, text)
    }
  })

  it("is a member that no message has, with what was probably meant", () => {
    assert.strictEqual(
      odd(post(ofValues, `,"time":1700000000000`)),
      `"time" stands beside params: nobody reads it there, it belongs into params`
    )
    assert.strictEqual(odd(post(ofValues, `,"verison":"1.0"`)), `nobody reads "verison"; "version" was probably meant`)
    assert.strictEqual(odd(post(ofValues, `,"sys":{"ack":0}`)), `nobody reads "sys"`)
    assert.strictEqual(
      odd(post(`{"measurepoints":{},"tiem":1700000000000}`)),
      `nobody reads "tiem" of params; "time" was probably meant`
    )
  })

  it("is a version that is none", () => {
    assert.match(odd(post(ofValues, "", "2.0"))!, /^version is "2.0": it was read as a message of version "1.0"/)
    assert.match(odd(post(ofValues, "", "v1"))!, /^version is "v1"/)
    assert.match(odd(post(ofValues, "", ""))!, /^version is ""/)
  })

  it("is a key of a reply that comes twice, and nothing that it has besides", () => {
    const ofReply = (text: string) => {
      const payload = utf8(text)
      return oddReplyOf(payload, Result.getOrThrow(decodeCommandReply(payload)).whole)
    }
    assert.match(ofReply(`{"id":"1","code":500,"code":200}`)!, /^"code" comes twice/)
    assert.isUndefined(ofReply(`{"id":"1","code":200,"method":"m","version":"2.0"}`))
  })
})
