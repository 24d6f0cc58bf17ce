import { assert, describe, it } from "@effect/vitest"
import {
  blockOption,
  Code,
  defaultServerSettings,
  defaultTuning,
  noBytes,
  OptionNumber,
  stringOption,
  uintOption
} from "../src/index.ts"
import { bytesOf, changed, empty, hex, only, pathOptions, sent, server, text, toHex } from "./support/build.ts"

describe("ServerExchanges: one request, one response", () => {
  it("hands a request over decoded and piggybacks the response on the ACK, RFC 7252 §5.2.1", () => {
    const exchanges = server()
    const options = [
      ...pathOptions("/topic/sys/pk/dk"),
      stringOption(OptionNumber.UriQuery, "a=1"),
      uintOption(OptionNumber.ContentFormat, 50),
      uintOption(OptionNumber.Accept, 0)
    ]
    const { exchange, request } = only(
      exchanges.handleMessage(0, bytesOf({ messageId: 7, options, payload: text("{}") })),
      "Request"
    )
    assert.deepStrictEqual(request.path, ["topic", "sys", "pk", "dk"])
    assert.deepStrictEqual(request.query, ["a=1"])
    assert.deepStrictEqual([request.contentFormat, request.accept, request.confirmable], [50, 0, true])
    assert.deepStrictEqual(request.payload, text("{}"))

    const answer = sent(exchanges.respond(10, exchange, changed))
    assert.deepStrictEqual(answer, { type: "ACK", messageId: 7, token: hex("0102"), ...changed })
  })

  it("executes a CON once and answers all copies with the same bytes, RFC 7252 §4.5 (C7)", () => {
    const exchanges = server()
    const bytes = bytesOf({ messageId: 7 })
    const { exchange } = only(exchanges.handleMessage(0, bytes), "Request")
    assert.strictEqual(only(exchanges.handleMessage(1, bytes), "Ignored").reason, "DuplicateIgnored")
    const first = toHex(only(exchanges.respond(10, exchange, changed), "Transmit").bytes)
    for (const now of [20, 3_000, 246_999]) {
      const again = only(exchanges.handleMessage(now, bytes), "Transmit")
      assert.deepStrictEqual([toHex(again.bytes), again.cause], [first, "Duplicate"])
    }
  })

  it("answers the retransmission of a GET with the same command (C8)", () => {
    const exchanges = server()
    const get = bytesOf({ code: Code.Get, messageId: 8 })
    const { exchange } = only(exchanges.handleMessage(0, get), "Request")
    const command = { code: Code.Changed, options: [], payload: text('{"id":"c1"}') }
    exchanges.respond(1, exchange, command)
    assert.deepStrictEqual(sent(exchanges.handleMessage(2_000, get)).payload, command.payload)
  })

  it("takes a new GET to the application (C9)", () => {
    const exchanges = server()
    const { exchange } = only(exchanges.handleMessage(0, bytesOf({ code: Code.Get, messageId: 8 })), "Request")
    exchanges.respond(1, exchange, changed)
    const second = only(exchanges.handleMessage(9_000, bytesOf({ code: Code.Get, messageId: 9 })), "Request")
    assert.notStrictEqual(second.exchange, exchange)
  })

  it("takes a message for a duplicate within EXCHANGE_LIFETIME, and for fresh after it (C10)", () => {
    const exchanges = server()
    const message = bytesOf({ messageId: 5 })
    const { exchange } = only(exchanges.handleMessage(0, message), "Request")
    exchanges.respond(0, exchange, changed)
    assert.strictEqual(only(exchanges.handleMessage(246_999, message), "Transmit").cause, "Duplicate")
    only(exchanges.handleMessage(247_000, message), "Request")
  })

  it.each([
    ["another token", { token: hex("ff") }],
    ["a longer token", { token: hex("010200") }],
    ["another body", { payload: text("other") }],
    ["no body", { payload: noBytes }],
    ["another path", { options: pathOptions("/topic/other") }],
    ["another method", { code: Code.Get }]
  ])(
    "executes a message id that comes again with %s, and answers copies of either with its own answer (trust E2)",
    (_, change) => {
      const exchanges = server()
      const first = bytesOf({ messageId: 5, payload: text("first") })
      const second = bytesOf({ messageId: 5, payload: text("first"), ...change })
      const answers = [first, second].map((message, index) => {
        const { exchange } = only(exchanges.handleMessage(index * 10_000, message), "Request")
        return only(
          exchanges.respond(index * 10_000, exchange, { ...changed, payload: text(`answer ${index}`) }),
          "Transmit"
        ).bytes.slice()
      })
      for (const [index, message] of [first, second, first].entries()) {
        const again = only(exchanges.handleMessage(20_000, message), "Transmit")
        assert.strictEqual(again.cause, "Duplicate")
        assert.deepStrictEqual(again.bytes, answers[index % 2])
      }
    }
  )

  it("answers a CON that says what a NON said under the same message id, and a NON after a CON (trust E2)", () => {
    for (const types of [
      ["NON", "CON"],
      ["CON", "NON"]
    ] as const) {
      const exchanges = server()
      for (const type of types) {
        const { exchange } = only(exchanges.handleMessage(0, bytesOf({ type, messageId: 5 })), "Request")
        assert.strictEqual(sent(exchanges.respond(0, exchange, changed)).type, type === "CON" ? "ACK" : "NON")
      }
      assert.strictEqual(only(exchanges.handleMessage(1, bytesOf({ messageId: 5 })), "Transmit").cause, "Duplicate")
      const copy = only(exchanges.handleMessage(1, bytesOf({ type: "NON", messageId: 5 })), "Ignored")
      assert.strictEqual(copy.reason, "DuplicateIgnored")
    }
  })

  it("keeps messages of one id apart in another process (trust E2)", () => {
    const exchanges = server()
    const messages = ["a", "b"].map((payload) => bytesOf({ messageId: 5, payload: text(payload) }))
    for (const message of messages) {
      exchanges.respond(0, only(exchanges.handleMessage(0, message), "Request").exchange, changed)
    }
    const next = server()
    assert.isTrue(next.restore(0, exchanges.serialize(0, 64, 16_384)))
    for (const message of messages)
      assert.strictEqual(only(next.handleMessage(1, message), "Transmit").cause, "Duplicate")
    only(next.handleMessage(1, bytesOf({ messageId: 5, payload: text("c") })), "Request")
  })

  it("gives up the oldest separate response where the ninth would wait, and takes requests on (trust E20)", () => {
    const exchanges = server()
    const { exchangesInFlightMax } = defaultServerSettings.limits
    const displaced: Array<number> = []
    for (let messageId = 1; messageId <= exchangesInFlightMax + 4; messageId += 1) {
      const now = messageId * 100
      const { exchange } = only(exchanges.handleMessage(now, bytesOf({ messageId })), "Request")
      exchanges.handleTimeout(now + defaultServerSettings.limits.ackDelayMillis)
      for (const output of exchanges.respond(now + defaultServerSettings.limits.ackDelayMillis, exchange, changed)) {
        if (output._tag === "Concluded") displaced.push(output.exchange)
        if (output._tag === "Concluded") assert.strictEqual(output.outcome, "Displaced")
      }
    }
    assert.deepStrictEqual(displaced, [0, 1, 2, 3])
    only(exchanges.handleMessage(5_000, bytesOf({ messageId: 99 })), "Request")
  })

  it("after a resumption answers copies as before for MAX_TRANSMIT_WAIT, and executes them after that (trust E16)", () => {
    const former = server()
    const message = bytesOf({ messageId: 5 })
    former.respond(0, only(former.handleMessage(0, message), "Request").exchange, changed)
    const resumed = server()
    resumed.inherit(1_000, former, "Resumed")
    assert.strictEqual(only(resumed.handleMessage(92_999, message), "Transmit").cause, "Duplicate")
    assert.isFalse(only(resumed.handleMessage(93_000, message), "Request").mayRepeat)
    const late = server()
    late.inherit(94_000, former, "Resumed")
    assert.isTrue(late.isIdle)
  })

  it("after a full handshake executes what came before, and says that it may be a repetition (trust E16)", () => {
    const former = server()
    const message = bytesOf({ messageId: 5 })
    former.handleMessage(0, message)
    const renewed = server()
    renewed.inherit(1_000, former, "Renewed")
    const { exchange, mayRepeat } = only(renewed.handleMessage(2_000, message), "Request")
    assert.isTrue(mayRepeat)
    assert.strictEqual(only(renewed.respond(2_000, exchange, changed), "Transmit").cause, "Response")
    assert.isFalse(only(renewed.handleMessage(2_000, bytesOf({ messageId: 6 })), "Request").mayRepeat)
    renewed.handleTimeout(250_000)
    assert.isTrue(renewed.isIdle)
  })

  it("executes a NON once within NON_LIFETIME and answers it with a NON, RFC 7252 §5.2.3 (C10)", () => {
    const exchanges = server()
    const non = bytesOf({ type: "NON", messageId: 5 })
    const { exchange } = only(exchanges.handleMessage(0, non), "Request")
    const answer = sent(exchanges.respond(1, exchange, changed))
    assert.deepStrictEqual([answer.type, toHex(answer.token)], ["NON", "0102"])
    assert.strictEqual(only(exchanges.handleMessage(144_999, non), "Ignored").reason, "DuplicateIgnored")
    only(exchanges.handleMessage(145_000, non), "Request")
  })

  it("ignores a second answer to one exchange, and an answer to none", () => {
    const exchanges = server()
    const { exchange } = only(exchanges.handleMessage(0, bytesOf({})), "Request")
    exchanges.respond(0, exchange, changed)
    assert.strictEqual(only(exchanges.respond(1, exchange, changed), "Ignored").reason, "ExchangeUnknown")
    assert.strictEqual(only(exchanges.respond(1, 4711, changed), "Ignored").reason, "ExchangeUnknown")
  })

  it("passes methods that it does not know to the application, RFC 7252 §5.8 (C19)", () => {
    for (const code of [Code.Put, Code.Delete, Code.Fetch, 0x1f]) {
      assert.strictEqual(only(server().handleMessage(0, bytesOf({ code })), "Request").request.code, code)
    }
  })
})

describe("ServerExchanges: what is not a request", () => {
  it("answers a ping with RST, RFC 7252 §4.3 (C6)", () => {
    const pong = only(server().handleMessage(0, empty("40", 9)), "Transmit")
    assert.deepStrictEqual([toHex(pong.bytes), pong.cause], ["70000009", "Pong"])
  })

  it("ignores unsolicited ACK and RST, empty NON, and ACK or RST that carry a request (C6)", () => {
    const cases = [
      [empty("60", 9), "AckUnexpected"],
      [empty("70", 9), "ResetUnexpected"],
      [empty("50", 9), "NonEmpty"],
      [bytesOf({ type: "ACK" }), "RequestInAckOrReset"],
      [bytesOf({ type: "RST" }), "RequestInAckOrReset"]
    ] as const
    for (const [bytes, reason] of cases)
      assert.strictEqual(only(server().handleMessage(0, bytes), "Ignored").reason, reason)
  })

  it("resets reserved code classes and responses in CON, and ignores them in the rest, RFC 7252 §4.2 (C6)", () => {
    const cases = [
      [0x20, "CodeClassReserved"],
      [0x60, "CodeClassReserved"],
      [0xc0, "CodeClassReserved"],
      [0xff, "CodeClassReserved"],
      [0x44, "ResponseUnexpected"]
    ] as const
    for (const [code, reason] of cases) {
      const reset = only(server().handleMessage(0, bytesOf({ code, messageId: 9 })), "Transmit")
      assert.deepStrictEqual([toHex(reset.bytes), reset.cause], ["70000009", reason])
      for (const type of ["NON", "ACK", "RST"] as const) {
        assert.strictEqual(only(server().handleMessage(0, bytesOf({ code, type })), "Ignored").reason, reason)
      }
    }
  })

  it("resets a malformed CON, and ignores other malformed messages and other versions, RFC 7252 §3, §4.2 (C1, C2)", () => {
    const reset = only(server().handleMessage(0, hex("40020009 ff")), "Transmit")
    assert.deepStrictEqual([toHex(reset.bytes), reset.cause], ["70000009", "PayloadMarkerWithoutPayload"])
    for (const bytes of ["50020009 ff", "60020009 ff", "70020009 ff", "80020009", "4002", ""]) {
      only(server().handleMessage(0, hex(bytes)), "Ignored")
    }
  })
})

describe("ServerExchanges: limits", () => {
  it("answers 4.29 with Max-Age while too many requests are at the application, RFC 8516 §3", () => {
    const exchanges = server()
    const { exchangesInFlightMax } = defaultServerSettings.limits
    const inFlight = Array.from(
      { length: exchangesInFlightMax },
      (_, messageId) => only(exchanges.handleMessage(0, bytesOf({ messageId })), "Request").exchange
    )
    const refused = sent(exchanges.handleMessage(1, bytesOf({ messageId: 100 })))
    assert.deepStrictEqual(
      [refused.code, refused.options],
      [Code.TooManyRequests, [uintOption(OptionNumber.MaxAge, 2)]]
    )
    exchanges.respond(2, inFlight[0]!, changed)
    only(exchanges.handleMessage(3, bytesOf({ messageId: 101 })), "Request")
  })

  it("stays within its limits under 100 000 different requests, answered or not (C20)", () => {
    const exchanges = server()
    const { cachedResponseBytesMax } = defaultServerSettings.limits
    let bytesHeldMax = 0
    for (let index = 0; index < 100_000; index += 1) {
      const type = index % 3 === 0 ? "NON" : "CON"
      const [output] = exchanges.handleMessage(index, bytesOf({ type, messageId: index & 0xffff }))
      if (output?._tag === "Request" && index % 20_000 !== 0) {
        exchanges.respond(index, output.exchange, { ...changed, payload: new Uint8Array(900) })
      }
      bytesHeldMax = Math.max(bytesHeldMax, exchanges.bytesHeld)
    }
    assert.isAbove(bytesHeldMax, cachedResponseBytesMax / 2)
    assert.isAtMost(bytesHeldMax, cachedResponseBytesMax)
  })

  it("remembers as many message ids as it says, and forgets the oldest one that is answered", () => {
    const exchanges = server()
    const { exchangesRememberedMax } = defaultServerSettings.limits
    const request = (messageId: number) => exchanges.handleMessage(2_000, bytesOf({ messageId }))
    const answerNow = (messageId: number) =>
      exchanges.respond(2_000, only(request(messageId), "Request").exchange, changed)

    only(request(1_000), "Request")
    const slow = only(exchanges.handleMessage(0, bytesOf({ messageId: 2_000 })), "Request")
    exchanges.handleTimeout(1_500)
    const { messageId } = sent(exchanges.respond(1_600, slow.exchange, changed))
    exchanges.handleMessage(1_700, empty("60", messageId))
    for (let index = 0; index < exchangesRememberedMax - 2; index += 1) answerNow(index)
    assert.strictEqual(only(request(2_000), "Transmit").cause, "Duplicate")
    answerNow(500)
    only(request(2_000), "Request")
    assert.strictEqual(only(request(1), "Transmit").cause, "Duplicate")
    assert.strictEqual(only(request(1_000), "Ignored").reason, "DuplicateIgnored")
  })

  it("keeps the empty ACK of a request at the application, however many responses press for room", () => {
    const exchanges = server()
    const { exchange } = only(exchanges.handleMessage(0, bytesOf({ messageId: 1_000 })), "Request")
    exchanges.handleTimeout(1_500)
    for (let messageId = 0; messageId < 40; messageId += 1) {
      const next = only(exchanges.handleMessage(2_000, bytesOf({ messageId })), "Request")
      exchanges.respond(2_000, next.exchange, { ...changed, payload: new Uint8Array(900) })
    }
    assert.strictEqual(
      toHex(only(exchanges.handleMessage(2_000, bytesOf({ messageId: 1_000 })), "Transmit").bytes),
      "600003e8"
    )
    assert.strictEqual(sent(exchanges.respond(3_000, exchange, changed)).type, "CON")
  })

  it("meets the duplicate of a response that it had to drop with silence, never with a second execution", () => {
    const exchanges = server()
    for (let messageId = 0; messageId < 40; messageId += 1) {
      const { exchange } = only(exchanges.handleMessage(0, bytesOf({ messageId })), "Request")
      exchanges.respond(0, exchange, { ...changed, payload: new Uint8Array(900) })
    }
    assert.strictEqual(
      only(exchanges.handleMessage(1, bytesOf({ messageId: 0 })), "Ignored").reason,
      "DuplicateForgotten"
    )
    assert.strictEqual(only(exchanges.handleMessage(1, bytesOf({ messageId: 39 })), "Transmit").cause, "Duplicate")
  })

  it("knows nothing any more after EXCHANGE_LIFETIME of silence, so that its owner can drop it", () => {
    const exchanges = server()
    assert.isTrue(exchanges.isIdle)
    const options = [...pathOptions("/topic/a"), blockOption(OptionNumber.Block1, { num: 0, more: true, szx: 0 })]
    exchanges.handleMessage(0, bytesOf({ messageId: 1, options, payload: new Uint8Array(16) }))
    const { exchange } = only(exchanges.handleMessage(0, bytesOf({ messageId: 2 })), "Request")
    exchanges.respond(0, exchange, { ...changed, payload: new Uint8Array(5_000) })
    assert.isFalse(exchanges.isIdle)
    while (exchanges.deadline !== undefined) {
      assert.isAtMost(exchanges.deadline, defaultTuning.exchangeLifetimeMillis)
      exchanges.handleTimeout(exchanges.deadline)
    }
    assert.deepStrictEqual([exchanges.isIdle, exchanges.bytesHeld], [true, 0])
  })
})
