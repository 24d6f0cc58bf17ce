import { assert, describe, it } from "@effect/vitest"
import {
  type Block,
  blockOption,
  Code,
  defaultServerSettings,
  findOption,
  noBytes,
  type Option,
  OptionNumber,
  stringOption,
  uintOption
} from "../src/index.ts"
import { bytesOf, hex, only, pathOptions, sent, toHex } from "./support/build.ts"
import { block, block1Of, BlockSession, filled } from "./support/BlockSession.ts"

const { limits } = defaultServerSettings

describe("Block1: a request body in blocks", () => {
  it("is acknowledged block by block and handed over once, whole, RFC 7959 §2.5", () => {
    const session = new BlockSession()
    const first = session.upload(block(0, true), filled(16, 1))
    assert.strictEqual(sent(first).code, Code.Continue)
    assert.deepStrictEqual(block1Of(first), block(0, true))
    assert.deepStrictEqual(block1Of(session.upload(block(1, true), filled(16, 2))), block(1, true))
    const { exchange, request } = only(session.upload(block(2, false), filled(5, 3)), "Request")
    assert.deepStrictEqual(request.payload, Uint8Array.of(...filled(16, 1), ...filled(16, 2), ...filled(5, 3)))
    assert.deepStrictEqual(block1Of(session.respond(exchange, noBytes)), block(2, false))
  })

  it("may fit one block", () => {
    assert.deepStrictEqual(
      only(new BlockSession().upload(block(0, false), filled(3, 1)), "Request").request.payload,
      filled(3, 1)
    )
  })

  it("may change to smaller blocks on the way, RFC 7959 §2.5", () => {
    const session = new BlockSession()
    session.upload(block(0, true, 2), filled(64, 1))
    session.upload(block(4, true, 0), filled(16, 2))
    assert.strictEqual(only(session.upload(block(5, false, 0), filled(1, 3)), "Request").request.payload.length, 81)
  })

  it("is refused with 4.08 when it starts with number 5, leaves one out or comes in disorder, RFC 7959 §2.9.2 (C13)", () => {
    const orders = [[5], [0, 2], [0, 2, 1], [0, 1, 3]] as const
    for (const order of orders) {
      const session = new BlockSession()
      const outcomes = order.map((num) => sent(session.upload(block(num, true), filled(16, num))).code)
      assert.include(outcomes, Code.RequestEntityIncomplete, order.join())
    }
  })

  it.each([[[0, 0, 1, 2]], [[0, 1, 1, 2]], [[0, 1, 0, 1, 2]], [[0, 1, 0, 2]], [[0, 0, 0, 1, 1, 0, 1, 2]]])(
    "answers 2.31 to blocks that come again under other message ids: %j (trust E12)",
    (order) => {
      const session = new BlockSession()
      for (const num of order.slice(0, -1)) {
        const outputs = session.upload(block(num, true), filled(16, num))
        assert.strictEqual(sent(outputs).code, Code.Continue)
        assert.deepStrictEqual(block1Of(outputs), block(num, true))
      }
      const { request } = only(session.upload(block(2, false), filled(3, 2)), "Request")
      assert.deepStrictEqual(request.payload, Uint8Array.of(...filled(16, 0), ...filled(16, 1), ...filled(3, 2)))
    }
  )

  it("takes a body that begins as the one before and goes on otherwise for another (trust E12)", () => {
    const session = new BlockSession()
    for (const num of [0, 1, 2]) session.upload(block(num, true), filled(16, num))
    session.upload(block(0, true), filled(16, 0))
    session.upload(block(1, true), filled(16, 9))
    const { request } = only(session.upload(block(2, false), filled(1, 8)), "Request")
    assert.deepStrictEqual(request.payload, Uint8Array.of(...filled(16, 0), ...filled(16, 9), ...filled(1, 8)))
  })

  it("hands a body over once though its last block comes again under other message ids (trust E12)", () => {
    const session = new BlockSession()
    session.upload(block(0, true), filled(16, 1))
    const last = () => session.upload(block(1, false), filled(3, 2))
    const { exchange } = only(last(), "Request")
    assert.strictEqual(only(last(), "Ignored").reason, "DuplicateIgnored")
    const first = sent(session.respond(exchange, filled(2, 7)))
    assert.deepStrictEqual([first.messageId, first.code], [3, Code.Changed])
    for (const messageId of [4, 5]) {
      const again = sent(last())
      assert.strictEqual(again.messageId, messageId)
      assert.deepStrictEqual([again.code, again.payload, again.options], [first.code, first.payload, first.options])
    }
    session.now += limits.transferIdleMillisMax
    assert.strictEqual(sent(last()).code, Code.RequestEntityIncomplete)
    session.exchanges.handleTimeout((session.now += 300_000))
    assert.isTrue(session.exchanges.isIdle)
    assert.strictEqual(session.exchanges.bytesHeld, 0)
  })

  it("acknowledges the last block's newest copy while the application is at work (trust E12)", () => {
    const session = new BlockSession()
    session.upload(block(0, true), filled(16, 1))
    const { exchange } = only(session.upload(block(1, false), filled(3, 2)), "Request")
    session.exchanges.handleTimeout((session.now += limits.ackDelayMillis))
    session.upload(block(1, false), filled(3, 2))
    assert.strictEqual(sent(session.exchanges.handleTimeout((session.now += limits.ackDelayMillis))).messageId, 3)
    assert.strictEqual(sent(session.respond(exchange, noBytes)).type, "CON")
  })

  it.each([
    ["other bytes", 9, Code.Changed],
    ["bytes that the application did not take", 2, Code.InternalServerError]
  ])("asks for all of a body whose last block comes again with %s (trust E12)", (_, value, code) => {
    const session = new BlockSession()
    session.upload(block(0, true), filled(16, 1))
    const { exchange } = only(session.upload(block(1, false), filled(3, 2)), "Request")
    session.exchanges.respond(session.now, exchange, { code, options: [], payload: noBytes })
    assert.strictEqual(sent(session.upload(block(1, false), filled(3, value))).code, Code.RequestEntityIncomplete)
  })

  it("hands the same body over again when it comes again from its first block on (trust E12)", () => {
    const session = new BlockSession()
    for (const _ of [1, 2]) {
      session.upload(block(0, true), filled(16, 1))
      const { exchange } = only(session.upload(block(1, false), filled(3, 2)), "Request")
      session.respond(exchange, noBytes)
    }
  })

  it("serves bodies whose Accept is on some blocks only (trust E17)", () => {
    const json = [uintOption(OptionNumber.Accept, 50)]
    for (const [first, second] of [
      [json, []],
      [[], json]
    ] as const) {
      const session = new BlockSession()
      session.upload(block(0, true), filled(16, 1), first)
      const { exchange } = only(session.upload(block(1, false), filled(3, 1), second), "Request")
      session.respond(exchange, filled(3000, 7))
      const next = blockOption(OptionNumber.Block2, { num: 1, more: false, szx: 6 })
      assert.strictEqual(sent(session.send(Code.Post, [next, ...first])).payload.length, 1024)
    }
  })

  it("serves a body whose Request-Tag is on some blocks only, unless two bodies may be meant (trust E17)", () => {
    const tag = [{ number: OptionNumber.RequestTag, value: hex("0a") }]
    for (const [first, second, last] of [
      [[], tag, tag],
      [tag, [], []],
      [[], tag, []]
    ]) {
      const session = new BlockSession()
      session.upload(block(0, true), filled(16, 1), first)
      assert.strictEqual(sent(session.upload(block(1, true), filled(16, 2), second)).code, Code.Continue)
      only(session.upload(block(2, false), filled(1, 3), last), "Request")
    }
    const session = new BlockSession()
    session.upload(block(0, true), filled(16, 1), tag)
    session.upload(block(0, true), filled(16, 2), [{ number: OptionNumber.RequestTag, value: hex("0b") }])
    assert.strictEqual(sent(session.upload(block(1, false), filled(1, 3))).code, Code.RequestEntityIncomplete)
  })

  it("serves following blocks that have an ETag, a Request-Tag or the Block1 of the body (trust E17)", () => {
    const rows: ReadonlyArray<ReadonlyArray<Option>> = [
      [{ number: OptionNumber.ETag, value: hex("0102030405060708") }],
      [{ number: OptionNumber.RequestTag, value: hex("0a") }],
      [blockOption(OptionNumber.Block1, block(1, false))],
      [blockOption(OptionNumber.Block1, block(0, false, 6)), { number: OptionNumber.RequestTag, value: hex("0a") }]
    ]
    for (const extra of rows) {
      const session = new BlockSession()
      session.upload(block(0, true), filled(16, 1))
      const { exchange } = only(session.upload(block(1, false), filled(3, 1)), "Request")
      session.respond(exchange, filled(3000, 7))
      const next = blockOption(OptionNumber.Block2, { num: 1, more: false, szx: 6 })
      const second = sent(session.send(Code.Post, [next, ...extra]))
      assert.strictEqual(second.code, Code.Changed)
      assert.strictEqual(second.payload.length, 1024)
    }
  })

  it("begins anew at number 0, whatever there was (C13)", () => {
    const session = new BlockSession()
    session.upload(block(0, true), filled(16, 1))
    session.upload(block(1, true), filled(16, 1))
    session.upload(block(0, true), filled(16, 2))
    const { request } = only(session.upload(block(1, false), filled(1, 2)), "Request")
    assert.deepStrictEqual(request.payload, filled(17, 2))
  })

  it("keeps interleaved bodies apart by path and by Request-Tag, RFC 9175 §3.3 (C13)", () => {
    const session = new BlockSession()
    const a = [{ number: OptionNumber.RequestTag, value: hex("0a") }]
    const b = [{ number: OptionNumber.RequestTag, value: hex("0b") }]
    session.upload(block(0, true), filled(16, 1), a)
    session.upload(block(0, true), filled(16, 2), b)
    assert.deepStrictEqual(
      only(session.upload(block(1, false), filled(1, 1), a), "Request").request.payload,
      filled(17, 1)
    )
    assert.deepStrictEqual(
      only(session.upload(block(1, false), filled(1, 2), b), "Request").request.payload,
      filled(17, 2)
    )

    session.upload(block(0, true), filled(16, 3), [], "/topic/x")
    const crossed = session.upload(block(1, false), filled(1, 3), [], "/topic/y")
    assert.strictEqual(sent(crossed).code, Code.RequestEntityIncomplete)
  })

  it("does not take the path a/b for the path segment a%2Fb of another body (C13)", () => {
    const session = new BlockSession()
    session.send(Code.Post, [blockOption(OptionNumber.Block1, block(0, true))], filled(16, 1), "/a/b")
    const segment = [stringOption(OptionNumber.UriPath, "a/b"), blockOption(OptionNumber.Block1, block(1, false))]
    assert.strictEqual(sent(session.send(Code.Post, segment, filled(1, 1), "")).code, Code.RequestEntityIncomplete)
  })

  it("answers size exponent 7 with 4.00, and a block of another length than it says, RFC 7959 §2.2 (C13)", () => {
    const reserved = { number: OptionNumber.Block1, value: hex("07") }
    assert.strictEqual(sent(new BlockSession().send(Code.Post, [reserved], filled(1, 1))).code, Code.BadRequest)
    for (const bytes of [0, 15, 17]) {
      assert.strictEqual(sent(new BlockSession().upload(block(0, true), filled(bytes, 1))).code, Code.BadRequest)
    }
    assert.strictEqual(sent(new BlockSession().upload(block(0, false), filled(17, 1))).code, Code.BadRequest)
  })

  it("is refused with 4.13 and Size1 as soon as it is too large, announced or not, RFC 7959 §2.9.3 (C13)", () => {
    const size1 = uintOption(OptionNumber.Size1, limits.requestBodyBytesMax)
    const announced = new BlockSession().upload(block(0, true), filled(16, 1), [
      uintOption(OptionNumber.Size1, limits.requestBodyBytesMax + 1)
    ])
    assert.deepStrictEqual(
      [sent(announced).code, findOption(sent(announced).options, OptionNumber.Size1)],
      [Code.RequestEntityTooLarge, size1]
    )

    const beyond = new BlockSession().upload(block(0xfffff, true, 6), filled(1024, 1))
    assert.strictEqual(sent(beyond).code, Code.RequestEntityTooLarge)

    const session = new BlockSession()
    const blocks = limits.requestBodyBytesMax / 1024
    for (let num = 0; num < blocks; num += 1) {
      assert.strictEqual(sent(session.upload(block(num, true, 6), filled(1024, num))).code, Code.Continue)
    }
    assert.isAtMost(session.exchanges.bytesHeld, limits.requestBodyBytesMax + limits.cachedResponseBytesMax)
    assert.strictEqual(sent(session.upload(block(blocks, true, 6), filled(1024, 0))).code, Code.RequestEntityTooLarge)
    assert.isAtMost(session.exchanges.bytesHeld, limits.cachedResponseBytesMax)
  })

  it("takes a Size1 that lies low for a hint (C13)", () => {
    const session = new BlockSession()
    session.upload(block(0, true), filled(16, 1), [uintOption(OptionNumber.Size1, 1)])
    assert.strictEqual(only(session.upload(block(1, false), filled(16, 1)), "Request").request.payload.length, 32)
  })

  it("is dropped when no block has come for too long, and the next one meets 4.08 (C13)", () => {
    const session = new BlockSession()
    session.upload(block(0, true), filled(16, 1))
    session.now += limits.transferIdleMillisMax
    assert.strictEqual(sent(session.upload(block(1, false), filled(1, 1))).code, Code.RequestEntityIncomplete)
  })

  it("gives way to newer bodies when there are too many (C13)", () => {
    const session = new BlockSession()
    for (let index = 0; index <= limits.uploadsMax; index += 1)
      session.upload(block(0, true), filled(16, 1), [], `/topic/${index}`)
    assert.strictEqual(
      sent(session.upload(block(1, false), filled(1, 1), [], "/topic/0")).code,
      Code.RequestEntityIncomplete
    )
    only(session.upload(block(1, false), filled(1, 1), [], `/topic/${limits.uploadsMax}`), "Request")
  })

  it("answers the retransmission of a block with the same bytes and does not count it twice", () => {
    const { exchanges } = new BlockSession()
    const options = [...pathOptions("/topic/a"), blockOption(OptionNumber.Block1, block(0, true))]
    const bytes = bytesOf({ messageId: 9, options, payload: filled(16, 1) })
    const first = only(exchanges.handleMessage(0, bytes), "Transmit")
    assert.strictEqual(toHex(only(exchanges.handleMessage(1, bytes), "Transmit").bytes), toHex(first.bytes))
    const last = [...pathOptions("/topic/a"), blockOption(OptionNumber.Block1, block(1, false))]
    assert.strictEqual(
      only(exchanges.handleMessage(2, bytesOf({ messageId: 10, options: last })), "Request").request.payload.length,
      16
    )
  })

  it("does not depend on the datagrams that its blocks came in", () => {
    const { exchanges } = new BlockSession()
    const options = (value: Block) => [...pathOptions("/topic/a"), blockOption(OptionNumber.Block1, value)]
    const datagram = bytesOf({ messageId: 1, options: options(block(0, true)), payload: filled(16, 1) })
    exchanges.handleMessage(0, datagram)
    datagram.fill(0)
    const last = bytesOf({ messageId: 2, options: options(block(1, false)), payload: filled(1, 1) })
    assert.deepStrictEqual(only(exchanges.handleMessage(0, last), "Request").request.payload, filled(17, 1))
  })

  it("gets 2.31 even if No-Response does not want 2.xx, or it could not go on", () => {
    const outputs = new BlockSession().upload(block(0, true), filled(16, 1), [uintOption(OptionNumber.NoResponse, 2)])
    assert.strictEqual(sent(outputs).code, Code.Continue)
  })

  it("refuses one datagram above the limit with 4.13 as well", () => {
    assert.strictEqual(
      sent(new BlockSession().send(Code.Post, [], filled(limits.requestBodyBytesMax + 1, 1))).code,
      Code.RequestEntityTooLarge
    )
  })
})
