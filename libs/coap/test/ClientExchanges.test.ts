import { assert, describe, it } from "@effect/vitest"
import {
  blockOption,
  ClientExchanges,
  type ClientOutput,
  type ClientOutputs,
  type ClientRequest,
  Code,
  defaultClientSettings,
  type Message,
  noBytes,
  OptionNumber,
  stringOption
} from "../src/index.ts"
import { bytesOf, decoded, hex, pathOptions, text, toHex } from "./support/build.ts"

const get: ClientRequest = { code: Code.Get, options: pathOptions("/topic/a"), payload: noBytes, confirmable: true }

const client = (): ClientExchanges => new ClientExchanges(defaultClientSettings, () => 0)

const transmitted = (outputs: ClientOutputs): ReadonlyArray<Message> =>
  outputs.flatMap((output) => (output._tag === "Transmit" ? [decoded(output.bytes)] : []))

const others = (outputs: ClientOutputs): ReadonlyArray<ClientOutput> =>
  outputs.filter(({ _tag }) => _tag !== "Transmit")

const empty = (first: string, messageId: number): Uint8Array =>
  hex(first + "00" + messageId.toString(16).padStart(4, "0"))

const answer = (request: Message, part: Partial<Message> = {}): Uint8Array =>
  bytesOf({ type: "ACK", code: Code.Changed, messageId: request.messageId, token: request.token, options: [], ...part })

describe("ClientExchanges", () => {
  it("takes a piggybacked response, RFC 7252 §5.2.1", () => {
    const exchanges = client()
    const { exchange, outputs } = exchanges.request(0, get)
    const [request] = transmitted(outputs)
    assert.deepStrictEqual([request!.type, request!.code, request!.token.length], ["CON", Code.Get, 4])
    const options = [stringOption(OptionNumber.PendingCommand, "/topic/b")]
    assert.deepStrictEqual(exchanges.handleMessage(50, answer(request!, { options, payload: text("x") })), [
      { _tag: "Response", exchange, response: { code: Code.Changed, options, payload: text("x") } }
    ])
    assert.strictEqual(exchanges.deadline, undefined)
  })

  it("retransmits the same bytes after 2, 4, 8 and 16 s and gives up 32 s later, RFC 7252 §4.2", () => {
    const exchanges = client()
    const { outputs } = exchanges.request(0, get)
    const [first] = transmitted(outputs)
    for (const at of [2_000, 6_000, 14_000, 30_000]) {
      assert.strictEqual(exchanges.deadline, at)
      assert.deepStrictEqual(transmitted(exchanges.handleTimeout(at)), [first!])
    }
    assert.deepStrictEqual(exchanges.handleTimeout(62_000), [{ _tag: "Failed", exchange: 0, reason: "TimedOut" }])
    assert.strictEqual(exchanges.deadline, undefined)
  })

  it("acknowledges a separate response, once more for each copy, RFC 7252 §5.2.2", () => {
    const exchanges = client()
    const [request] = transmitted(exchanges.request(0, get).outputs)
    assert.deepStrictEqual(exchanges.handleMessage(10, empty("60", request!.messageId)), [
      { _tag: "Ignored", reason: "ResponseToCome" }
    ])
    const separate = answer(request!, { type: "CON", messageId: 77 })
    const first = exchanges.handleMessage(5_000, separate)
    assert.deepStrictEqual(
      first.map(({ _tag }) => _tag),
      ["Transmit", "Response"]
    )
    assert.strictEqual(toHex((first[0] as { bytes: Uint8Array }).bytes), "6000004d")
    const again = exchanges.handleMessage(7_000, separate)
    assert.strictEqual(toHex((again[0] as { bytes: Uint8Array }).bytes), "6000004d")
    assert.deepStrictEqual(others(again), [{ _tag: "Ignored", reason: "Duplicate" }])
  })

  it("takes a separate response for the ACK that was lost, and stops retransmitting", () => {
    const exchanges = client()
    const [request] = transmitted(exchanges.request(0, get).outputs)
    const outputs = exchanges.handleMessage(1_000, answer(request!, { type: "CON", messageId: 77 }))
    assert.deepStrictEqual(
      others(outputs).map(({ _tag }) => _tag),
      ["Response"]
    )
    assert.strictEqual(exchanges.deadline, undefined)
  })

  it("says when an acknowledged request, or a NON, gets no response", () => {
    const { responseMillisMax } = defaultClientSettings.limits
    const exchanges = client()
    const [request] = transmitted(exchanges.request(0, get).outputs)
    exchanges.handleMessage(10, empty("60", request!.messageId))
    exchanges.request(10, { ...get, confirmable: false })
    assert.strictEqual(exchanges.deadline, 10 + responseMillisMax)
    const failed = exchanges.handleTimeout(exchanges.deadline!)
    assert.deepStrictEqual(failed, [
      { _tag: "Failed", exchange: 0, reason: "ResponseMissing" },
      { _tag: "Failed", exchange: 1, reason: "ResponseMissing" }
    ])
  })

  it("fails on RST, RFC 7252 §4.2", () => {
    const exchanges = client()
    const [request] = transmitted(exchanges.request(0, get).outputs)
    assert.deepStrictEqual(exchanges.handleMessage(1, empty("70", request!.messageId)), [
      { _tag: "Failed", exchange: 0, reason: "Reset" }
    ])
  })

  it("sends one CON at a time and the next when the first is done, RFC 7252 §4.7", () => {
    const exchanges = client()
    const [first] = transmitted(exchanges.request(0, get).outputs)
    assert.deepStrictEqual(exchanges.request(0, get).outputs, [])
    const outputs = exchanges.handleMessage(1, answer(first!))
    assert.deepStrictEqual(
      outputs.map(({ _tag }) => _tag),
      ["Response", "Transmit"]
    )
    const [second] = transmitted(outputs)
    assert.notDeepEqual(second!.token, first!.token)
    assert.notStrictEqual(second!.messageId, first!.messageId)
  })

  it("does not match a response by token alone when the ACK bears another message id, nor by another token, RFC 7252 §5.3.2", () => {
    const exchanges = client()
    const [request] = transmitted(exchanges.request(0, get).outputs)
    const ignored = (bytes: Uint8Array) => others(exchanges.handleMessage(1, bytes))
    assert.deepStrictEqual(ignored(answer(request!, { messageId: request!.messageId ^ 1 })), [
      { _tag: "Ignored", reason: "AckUnexpected" }
    ])
    assert.deepStrictEqual(ignored(answer(request!, { token: hex("01020304") })), [
      { _tag: "Ignored", reason: "TokenUnknown" }
    ])
    assert.deepStrictEqual(ignored(answer(request!, { token: hex("01") })), [
      { _tag: "Ignored", reason: "TokenUnknown" }
    ])
    assert.strictEqual(exchanges.deadline, 2_000)
  })

  it("answers pings, requests, unknown responses and malformed CON with RST, and ignores the same in other types", () => {
    const cases = [
      hex("4000000d"),
      bytesOf({ messageId: 13 }),
      bytesOf({ messageId: 13, code: Code.Changed }),
      hex("4002000d ff"),
      bytesOf({ messageId: 13, code: 0xe0 })
    ]
    for (const bytes of cases) {
      const [reset] = transmitted(client().handleMessage(0, bytes))
      assert.deepStrictEqual([reset?.type, reset?.messageId], ["RST", 13])
      for (const type of [0x10, 0x20, 0x30]) {
        assert.deepStrictEqual(transmitted(client().handleMessage(0, bytes.with(0, bytes[0]! | type))), [])
      }
    }
  })

  it("rejects a response with a critical option that it does not understand, RFC 7252 §5.4.1 (C5)", () => {
    const exchanges = client()
    const [request] = transmitted(exchanges.request(0, get).outputs)
    const options = [{ number: 9999, value: noBytes }]
    const [reset] = transmitted(exchanges.handleMessage(1, answer(request!, { type: "CON", messageId: 3, options })))
    assert.strictEqual(reset?.type, "RST")
    assert.deepStrictEqual(exchanges.handleMessage(1, answer(request!, { options })), [
      { _tag: "Ignored", reason: "CriticalOptionUnknown" }
    ])
  })

  it("refuses a body whose blocks change their ETag, come out of turn or grow too large, RFC 7959 §2.4", () => {
    const etag = (value: string) => ({ number: OptionNumber.ETag, value: hex(value) })
    const second = (num: number, tag: string, settings = defaultClientSettings) => {
      const exchanges = new ClientExchanges(settings, () => 0)
      const [request] = transmitted(exchanges.request(0, get).outputs)
      const block = (num: number, value: string) => [
        etag(value),
        blockOption(OptionNumber.Block2, { num, more: true, szx: 0 })
      ]
      const [next] = transmitted(
        exchanges.handleMessage(1, answer(request!, { options: block(0, "01"), payload: new Uint8Array(16) }))
      )
      const outputs = exchanges.handleMessage(
        2,
        answer(next!, { options: block(num, tag), payload: new Uint8Array(16) })
      )
      return outputs.map((output) => (output._tag === "Failed" ? output.reason : output._tag))
    }
    assert.deepStrictEqual(second(1, "01"), ["Transmit"])
    assert.deepStrictEqual(second(1, "02"), ["RepresentationChanged"])
    assert.deepStrictEqual(second(2, "01"), ["BlockUnexpected"])
    const limits = { ...defaultClientSettings.limits, responseBodyBytesMax: 31 }
    assert.deepStrictEqual(second(1, "01", { ...defaultClientSettings, limits }), ["BodyTooLarge"])
  })

  it("reports an error in the middle of a body as the response", () => {
    const exchanges = client()
    const [first] = transmitted(
      exchanges.request(0, { ...get, code: Code.Post, payload: new Uint8Array(3_000) }).outputs
    )
    assert.deepStrictEqual(first!.payload.length, 1_024)
    const outputs = exchanges.handleMessage(1, answer(first!, { code: Code.RequestEntityTooLarge }))
    assert.deepStrictEqual(outputs, [
      { _tag: "Response", exchange: 0, response: { code: Code.RequestEntityTooLarge, options: [], payload: noBytes } }
    ])
  })

  it("limits its exchanges", () => {
    const exchanges = client()
    for (let index = 0; index < defaultClientSettings.limits.exchangesMax; index += 1) exchanges.request(0, get)
    assert.deepStrictEqual(exchanges.request(0, get).outputs, [
      { _tag: "Failed", exchange: 16, reason: "ExchangesExhausted" }
    ])
  })
})
