import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Code, decode, encode, type Message, OptionNumber } from "../src/index.ts"
import { readOptions } from "../src/Request.ts"
import { LastOptions } from "../src/server/LastOptions.ts"

const path = (...segments: ReadonlyArray<string>) =>
  segments.map((segment) => ({ number: OptionNumber.UriPath, value: new TextEncoder().encode(segment) }))

const post = (over: Partial<Message>): Message => ({
  type: "CON",
  code: Code.Post,
  messageId: 7,
  token: Uint8Array.of(1, 2),
  options: path("topic", "sys", "pk"),
  payload: Uint8Array.of(1),
  ...over
})

const lastOf = (message: Message): LastOptions => {
  const bytes = encode(message).slice()
  return LastOptions.of(bytes, message, Result.getOrThrow(readOptions(message.options)))!
}

describe("the options of the session's last request", () => {
  it("are recognised whatever type, code, message id, token and payload come with them", () => {
    const last = lastOf(post({}))
    for (const over of [
      { messageId: 8 },
      { type: "NON" as const },
      { code: Code.Get },
      { token: new Uint8Array(0) },
      { payload: new Uint8Array(0) },
      { payload: new Uint8Array(900) }
    ]) {
      const message = post(over)
      const read = last.read(encode(message).slice())
      assert.deepStrictEqual({ ...read, options: message.options }, message)
    }
  })

  it("are not taken for others that begin the same, end earlier or differ", () => {
    const last = lastOf(post({}))
    for (const options of [path("topic", "sys", "pk", "d"), path("topic", "sys"), path("topic", "sys", "pj"), []]) {
      assert.isUndefined(last.read(encode(post({ options })).slice()))
    }
  })

  it.prop(
    "never hide that a message is malformed",
    [
      Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 })),
      Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })),
      Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 }))
    ],
    ([at, byte, length]) => {
      const last = lastOf(post({}))
      const bytes = encode(post({})).slice(0, length)
      if (at < bytes.length) bytes[at] = byte
      const read = last.read(bytes)
      if (read === undefined) return
      const message = Result.getOrThrow(decode(bytes))
      assert.deepStrictEqual({ ...read, options: message.options }, message)
      assert.deepStrictEqual(readOptions(message.options), Result.succeed(last.options))
    }
  )
})
