import { Code, encode, encodeEmpty, type Message, stringOption, OptionNumber } from "@roost/coap"
import { assert, describe, it } from "vitest"
import { idText } from "../src/Payload.ts"
import { type Awaited, type Expectation, verify } from "../src/Verification.ts"

const sequence = 1_234_567
const tokenOf = (number: number) => Uint8Array.of(number >>> 24, number >>> 16, number >>> 8, number)
const waiting: Awaited = {
  sequence,
  messageId: 77,
  isWaiting: true,
  confirmable: true,
  acknowledged: false,
  command: undefined
}
const expected: Expectation = { code: Code.Changed, payload: "id" }
const utf8 = (text: string) => new TextEncoder().encode(text)
const good: Message = {
  type: "ACK",
  code: Code.Changed,
  messageId: 77,
  token: tokenOf(sequence),
  options: [],
  payload: utf8(`{"id":"${idText(sequence)}","code":200,"data":{}}`)
}
const judge = (message: Partial<Message>, awaited: Partial<Awaited> = {}, expectation: Partial<Expectation> = {}) => {
  const verdict = verify(encode({ ...good, ...message }), { ...waiting, ...awaited }, { ...expected, ...expectation })
  return verdict._tag === "Wrong" ? `${verdict.kind}${verdict.ends ? ", over" : ""}` : verdict._tag
}

describe("verify", () => {
  it("takes the piggybacked, the separate and the non-confirmable response (RFC 7252 §5.2)", () => {
    assert.strictEqual(judge({}), "Response")
    assert.strictEqual(judge({ type: "CON", messageId: 5 }, { acknowledged: true }), "Response")
    assert.strictEqual(judge({ type: "NON", messageId: 5 }, { confirmable: false }), "Response")
  })

  it("counts a response with another token as that", () => {
    assert.strictEqual(judge({ token: tokenOf(9) }), "token, over")
    assert.strictEqual(judge({ token: tokenOf(sequence).subarray(1) }), "token, over")
    assert.strictEqual(judge({ token: new Uint8Array(0) }), "token, over")
    assert.strictEqual(judge({ type: "NON", messageId: 5, token: tokenOf(9) }), "token, over")
    // An ACK of something else: the response to this request may still come.
    assert.strictEqual(judge({ messageId: 5, token: tokenOf(9) }), "token")
  })

  it("counts another code, another id and an EnOS refusal", () => {
    assert.strictEqual(judge({ code: Code.BadRequest, payload: new Uint8Array(0) }), "code, over")
    assert.strictEqual(
      judge({ payload: utf8(`{"id":"${idText(sequence + 1)}","code":200,"data":{}}`) }),
      "payload, over"
    )
    assert.strictEqual(
      judge({ payload: utf8(`{"id":"${idText(sequence)}","code":1204,"message":"no"}`) }),
      "payload, over"
    )
    assert.strictEqual(judge({ payload: utf8(`{"id":"${idText(sequence)}","code":200`) }), "payload, over")
    assert.strictEqual(judge({ payload: utf8("null") }), "payload, over")
    assert.strictEqual(judge({ payload: new Uint8Array(0) }), "payload, over")
  })

  it("takes the same payload in another spelling", () => {
    assert.strictEqual(judge({ payload: utf8(`{ "code": 200, "id": ${sequence} }`) }), "Response")
    assert.strictEqual(judge({ payload: utf8(`{"id":"${idText(sequence)}"}`) }), "Response")
  })

  it("looks at payloads of other servers as it is told to", () => {
    const payload = utf8(`received ${idText(sequence)}`)
    assert.strictEqual(judge({ payload }), "payload, over")
    assert.strictEqual(judge({ payload }, {}, { payload: "echo" }), "Response")
    assert.strictEqual(judge({ payload: utf8("received") }, {}, { payload: "echo" }), "payload, over")
    assert.strictEqual(judge({ payload: utf8("received") }, {}, { payload: "none" }), "Response")
  })

  it("knows duplicates: of an answered request, and of earlier ones", () => {
    assert.strictEqual(judge({}, { isWaiting: false }), "Duplicate")
    assert.strictEqual(judge({ token: tokenOf(sequence - 1), messageId: 76 }), "Duplicate")
  })

  it("counts types that RFC 7252 §4.2 does not allow", () => {
    assert.strictEqual(judge({ messageId: 78 }), "type, over")
    assert.strictEqual(judge({}, { confirmable: false }), "type, over")
    assert.strictEqual(judge({}, { acknowledged: true }), "type, over")
    assert.strictEqual(judge({ type: "RST" }), "type, over")
  })

  it("counts resets, requests, pings and bytes that are no message", () => {
    const empty = (type: Message["type"], messageId: number) => {
      const verdict = verify(encodeEmpty(type, messageId), waiting, expected)
      return verdict._tag === "Wrong" ? verdict.kind : verdict._tag
    }
    assert.strictEqual(empty("RST", 77), "reset")
    assert.strictEqual(empty("RST", 78), "Duplicate")
    assert.strictEqual(empty("ACK", 77), "EmptyAck")
    assert.strictEqual(empty("ACK", 78), "Duplicate")
    assert.strictEqual(empty("CON", 5), "unexpected")
    assert.strictEqual(judge({ type: "CON", code: Code.Get, payload: new Uint8Array(0) }), "unexpected")
    for (const bytes of [[], [0x44], [0xff, 1, 2, 3], [0x69, 0x44, 0, 77]]) {
      const verdict = verify(Uint8Array.from(bytes), waiting, expected)
      assert.strictEqual(verdict._tag === "Wrong" && verdict.kind, "malformed")
    }
  })

  it("hands on what Option 2100 announces, and holds a command's answers to class 2", () => {
    const announcing = { ...good, options: [stringOption(OptionNumber.PendingCommand, "/topic/sys/a/b/c")] }
    const verdict = verify(encode(announcing), waiting, expected)
    assert.strictEqual(verdict._tag === "Response" && Buffer.from(verdict.announced!).toString(), "/topic/sys/a/b/c")
    const command = {}
    assert.strictEqual(judge({ code: Code.Content, payload: utf8("{}") }, { command }), "Response")
    assert.strictEqual(judge({ code: Code.NotFound, payload: new Uint8Array(0) }, { command }), "command, over")
  })

  it("does not throw on any bytes", () => {
    let state = 1
    for (let i = 0; i < 20_000; i++) {
      const bytes = Uint8Array.from({ length: i % 40 }, () => (state = (state * 48_271) % 0x7fff_ffff) & 0xff)
      assert.notStrictEqual(verify(bytes, waiting, expected)._tag, "Response")
    }
  })
})
