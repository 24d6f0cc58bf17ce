import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { decodeCommandReply, decodeRequest, encodeReply, encodeRequest, RequestEnvelope } from "../src/index.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (payload: Uint8Array) => new TextDecoder().decode(payload)
const post = (fields: Record<string, unknown>) =>
  bytes(JSON.stringify({ version: "1.0", method: "m", params: {}, ...fields }))
const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth)

describe("decodeRequest", () => {
  it("reads a post and keeps its id as it was sent (S112)", () => {
    const { whole, ...read } = Result.getOrThrow(decodeRequest(post({ id: "123", params: { a: 1 } })))
    assert.deepStrictEqual(read, { id: "123", method: "m", params: { a: 1 } })
    assert.strictEqual(whole["params"], read.params)
    assert.strictEqual(Result.getOrThrow(decodeRequest(post({ id: 7 }))).id, 7)
    assert.isUndefined(Result.getOrThrow(decodeRequest(post({}))).id)
  })

  for (const [name, payload] of [
    ["an empty payload", ""],
    ["no JSON", "{"],
    ["a string", `"x"`],
    ["an array", "[]"],
    ["null", "null"],
    ["no method", `{"version":"1.0","params":{}}`],
    ["no version", `{"method":"m","params":{}}`],
    ["no params", `{"version":"1.0","method":"m"}`],
    ["params of a number", `{"version":"1.0","method":"m","params":1}`],
    ["an id that is an object", `{"id":{},"version":"1.0","method":"m","params":{}}`],
    ["an id of 129 characters", `{"id":"${"i".repeat(129)}","version":"1.0","method":"m","params":{}}`],
    ["an id of 129 digits", `{"id":${"1".repeat(129)},"version":"1.0","method":"m","params":{}}`],
    ["deep nesting", `{"version":"1.0","method":"m","params":${nested(18)}}`],
    ["very deep nesting", `{"version":"1.0","method":"m","params":${nested(20_000)}}`],
    ["a huge payload", `{"version":"1.0","method":"m","params":{"a":"${"x".repeat(65_536)}"}}`]
  ] as const) {
    it(`refuses ${name} (C19)`, () => assert.isTrue(Result.isFailure(decodeRequest(bytes(payload)))))
  }

  it("refuses bytes that are not UTF-8 (C19)", () => {
    assert.isTrue(Result.isFailure(decodeRequest(Uint8Array.of(0x7b, 0xff, 0x7d))))
  })

  it("is not impressed by __proto__ (C19)", () => {
    const decoded = Result.getOrThrow(
      decodeRequest(bytes(`{"version":"1","method":"m","params":{"__proto__":{"x":1}}}`))
    )
    assert.isUndefined((decoded.params as { x?: number }).x)
    assert.isUndefined(({} as { x?: number }).x)
  })

  it("agrees with the Schema", () => {
    const values: ReadonlyArray<unknown> = ["s", "s".repeat(129), 1, true, null, [], {}, undefined]
    for (const id of values) {
      for (const version of values) {
        for (const params of values) {
          const payload = JSON.stringify({ id, version, method: "m", params })
          const bySchema = Result.isSuccess(Schema.decodeUnknownResult(RequestEnvelope)(JSON.parse(payload)))
          assert.strictEqual(Result.isSuccess(decodeRequest(bytes(payload))), bySchema, payload)
        }
      }
    }
  })
})

describe("encodeReply", () => {
  it("echoes the id with its type (S112)", () => {
    assert.strictEqual(text(encodeReply("123", 200)), `{"id":"123","code":200,"data":{}}`)
    assert.strictEqual(text(encodeReply(7, 200)), `{"id":7,"code":200,"data":{}}`)
    assert.strictEqual(text(encodeReply(undefined, 200)), `{"code":200,"data":{}}`)
    assert.strictEqual(text(encodeReply("1", 1204, {}, "no")), `{"id":"1","code":1204,"data":{},"message":"no"}`)
    assert.strictEqual(text(encodeReply('"', 200, [1])), `{"id":"\\"","code":200,"data":[1]}`)
  })
})

describe("decodeCommandReply", () => {
  it("reads what the device answers (S116)", () => {
    const reply = bytes(`{"id":"c1","code":200,"data":{"a":1}}`)
    const { whole, ...read } = Result.getOrThrow(decodeCommandReply(reply))
    assert.deepStrictEqual(read, { id: "c1", code: 200, message: undefined, data: { a: 1 } })
    assert.strictEqual(whole["data"], read.data)
  })

  it("takes numeric strings, as EnOS's sample script writes them", () => {
    const reply = Result.getOrThrow(decodeCommandReply(bytes(`{"id":20,"code":"0","message":"ok"}`)))
    assert.deepStrictEqual([reply.id, reply.code, reply.message], ["20", 0, "ok"])
  })

  for (const payload of ["", "[]", `{"code":200}`, `{"id":"1"}`, `{"id":"1","code":"x"}`, `{"id":"1","code":1.5}`]) {
    it(`refuses ${payload === "" ? "an empty payload" : payload}`, () => {
      assert.isTrue(Result.isFailure(decodeCommandReply(bytes(payload))))
    })
  }
})

describe("encodeRequest", () => {
  it("gives the shape of a command", () => {
    const payload = encodeRequest("c1", "thing.service.reboot", { delay: 1 })
    assert.strictEqual(
      text(payload),
      `{"id":"c1","version":"1.0","method":"thing.service.reboot","params":{"delay":1}}`
    )
  })
})
