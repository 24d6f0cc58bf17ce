import { assert, describe, it } from "@effect/vitest"
import {
  blockBytes,
  blockOption,
  Code,
  decodeBlock,
  defaultServerSettings,
  findOption,
  noBytes,
  type Option,
  OptionNumber,
  ServerExchanges,
  stringOption,
  uintOption
} from "../src/index.ts"
import { bytesOf, hex, only, pathOptions, sent, toHex } from "./support/build.ts"
import { block, BlockSession, filled } from "./support/BlockSession.ts"

const { limits } = defaultServerSettings

describe("Block2: a response body in blocks", () => {
  const command = Uint8Array.from({ length: 2_500 }, (_, index) => index % 251)

  const begun = (): BlockSession => {
    const session = new BlockSession()
    const { exchange } = only(session.send(Code.Get, []), "Request")
    session.respond(exchange, command)
    return session
  }

  it("comes from one snapshot with one ETag, although the application has something else by now, RFC 7959 §2.4 (C14)", () => {
    const session = new BlockSession()
    const pending = stringOption(OptionNumber.PendingCommand, "/topic/b")
    const first = sent(session.respond(only(session.send(Code.Get, []), "Request").exchange, command, [pending]))
    assert.deepStrictEqual(decodeBlock(findOption(first.options, OptionNumber.Block2)!.value), block(0, true, 6))
    assert.deepStrictEqual(
      findOption(first.options, OptionNumber.Size2),
      uintOption(OptionNumber.Size2, command.length)
    )
    const rest = [1, 2].map((num) => sent(session.fetch(block(num, false, 6))))
    const all = [first, ...rest]
    assert.deepStrictEqual(Uint8Array.of(...all.flatMap(({ payload }) => [...payload])), command)
    assert.strictEqual(new Set(all.map(({ options }) => toHex(findOption(options, OptionNumber.ETag)!.value))).size, 1)
    assert.deepStrictEqual(
      rest.map(({ options }) => findOption(options, OptionNumber.PendingCommand)),
      [pending, pending]
    )
    assert.deepStrictEqual(decodeBlock(findOption(rest[1]!.options, OptionNumber.Block2)!.value), block(2, false, 6))
  })

  it("does not change when the application reuses its buffer", () => {
    const session = new BlockSession()
    const buffer = command.slice()
    session.respond(only(session.send(Code.Get, []), "Request").exchange, buffer)
    buffer.fill(0)
    assert.deepStrictEqual(sent(session.fetch(block(1, false, 6))).payload, command.slice(1_024, 2_048))
  })

  it("has the same ETag for the same content, and another for other content", () => {
    const etag = (payload: Uint8Array): string => {
      const session = new BlockSession()
      const first = sent(session.respond(only(session.send(Code.Get, []), "Request").exchange, payload))
      return toHex(findOption(first.options, OptionNumber.ETag)!.value)
    }
    assert.strictEqual(etag(command), etag(command.slice()))
    assert.notStrictEqual(etag(command), etag(command.with(7, 0)))
    assert.notStrictEqual(etag(command), etag(command.subarray(0, 2_000)))
  })

  it("keeps an ETag that the application has set", () => {
    const session = new BlockSession()
    const own = { number: OptionNumber.ETag, value: hex("abcd") }
    const first = sent(session.respond(only(session.send(Code.Get, []), "Request").exchange, command, [own]))
    assert.deepStrictEqual(
      first.options.filter(({ number }) => number === OptionNumber.ETag),
      [own]
    )
  })

  it("is served in any order, again, and in smaller blocks, RFC 7959 §2.4", () => {
    const session = begun()
    for (const [num, szx] of [
      [2, 6],
      [1, 6],
      [1, 6],
      [100, 0],
      [39, 2]
    ] as const) {
      const offset = num * blockBytes(szx)
      assert.deepStrictEqual(
        sent(session.fetch(block(num, false, szx))).payload,
        command.slice(offset, offset + blockBytes(szx))
      )
    }
  })

  it("ends with 4.00 beyond its end and with 4.08 once it is forgotten", () => {
    const session = begun()
    assert.strictEqual(sent(session.fetch(block(3, false, 6))).code, Code.BadRequest)
    session.now += limits.transferIdleMillisMax
    assert.strictEqual(sent(session.fetch(block(1, false, 6))).code, Code.RequestEntityIncomplete)
  })

  it("is not handed to a request for another path or query", () => {
    const other = [stringOption(OptionNumber.UriQuery, "x")]
    assert.strictEqual(sent(begun().fetch(block(1, false, 6), other)).code, Code.RequestEntityIncomplete)
  })

  it("takes a GET without block number to the application again", () => {
    only(begun().send(Code.Get, []), "Request")
    only(begun().fetch(block(0, false, 6)), "Request")
  })

  it("says Block2 in a small response to a request that did, RFC 7959 §2.4", () => {
    const session = new BlockSession()
    const answer = sent(session.respond(only(session.fetch(block(0, false, 1)), "Request").exchange, filled(20, 1)))
    assert.deepStrictEqual(decodeBlock(findOption(answer.options, OptionNumber.Block2)!.value), block(0, false, 1))
  })

  it("becomes 5.00 if it is above the limit", () => {
    const session = new BlockSession()
    const { exchange } = only(session.send(Code.Get, []), "Request")
    const answer = sent(session.respond(exchange, new Uint8Array(limits.responseBodyBytesMax + 1)))
    assert.deepStrictEqual([answer.code, answer.payload.length], [Code.InternalServerError, 0])
  })

  it("is kept for a bounded number of requests", () => {
    const session = new BlockSession()
    for (let index = 0; index < 20; index += 1) {
      const { exchange } = only(session.send(Code.Get, [], noBytes, `/topic/${index}`), "Request")
      session.respond(exchange, new Uint8Array(limits.responseBodyBytesMax))
    }
    const bound = limits.downloadsMax * limits.responseBodyBytesMax + limits.cachedResponseBytesMax
    assert.isAtMost(session.exchanges.bytesHeld, bound)
  })

  it("does not mix with Block1 in one request, RFC 7959 §2.7", () => {
    const both = [blockOption(OptionNumber.Block1, block(0, false)), blockOption(OptionNumber.Block2, block(1, false))]
    assert.strictEqual(sent(new BlockSession().send(Code.Post, both, filled(1, 1))).code, Code.BadRequest)
  })
})

describe("a session whose records are small", () => {
  const fetchWhole = (messageBytesMax: number, tokenBytes: number, size: number) => {
    const exchanges = new ServerExchanges(defaultServerSettings, () => 0.5, { messageBytesMax })
    const token = new Uint8Array(tokenBytes).fill(7)
    const get = (messageId: number, options: ReadonlyArray<Option>) =>
      exchanges.handleMessage(
        0,
        bytesOf({ code: Code.Get, messageId, token, options: [...pathOptions("/a"), ...options] })
      )
    const { exchange } = only(get(1, []), "Request")
    const format = uintOption(OptionNumber.ContentFormat, 50)
    const payload = Uint8Array.from({ length: size }, (_, index) => index & 0xff)
    let outputs = exchanges.respond(0, exchange, { code: Code.Changed, options: [format], payload })
    const body: Array<number> = []
    const first = sent(outputs)
    for (let messageId = 2; ; messageId += 1) {
      const transmitted = only(outputs, "Transmit")
      assert.isAtMost(transmitted.bytes.length, messageBytesMax)
      const message = sent(outputs)
      assert.strictEqual(message.code, Code.Changed)
      body.push(...message.payload)
      const block2 = findOption(message.options, OptionNumber.Block2)
      const read = block2 === undefined ? undefined : decodeBlock(block2.value)!
      if (read === undefined || !read.more) break
      outputs = get(messageId, [blockOption(OptionNumber.Block2, { num: read.num + 1, more: false, szx: read.szx })])
    }
    assert.deepStrictEqual(Uint8Array.from(body), payload)
    return first
  }

  it("gets every response in blocks that fit, with Size2 in the first, whatever the limit and the token (trust E1)", () => {
    for (let messageBytesMax = 63; messageBytesMax < 2100; messageBytesMax += messageBytesMax < 100 ? 1 : 61) {
      for (const tokenBytes of [0, 8]) {
        for (const size of [0, 1, 17, 1024, 1025]) {
          const first = fetchWhole(messageBytesMax, tokenBytes, size)
          const size2 = findOption(first.options, OptionNumber.Size2)
          if (findOption(first.options, OptionNumber.Block2) !== undefined) {
            assert.deepStrictEqual(size2?.value, uintOption(OptionNumber.Size2, size).value)
          } else assert.isUndefined(size2)
        }
      }
    }
  })

  it("gets a following block no larger than fits, though it asks for more (trust E1)", () => {
    const exchanges = new ServerExchanges(defaultServerSettings, () => 0.5, { messageBytesMax: 200 })
    const get = (messageId: number, num: number) =>
      exchanges.handleMessage(
        0,
        bytesOf({
          code: Code.Get,
          messageId,
          options: [...pathOptions("/a"), blockOption(OptionNumber.Block2, { num, more: false, szx: 6 })]
        })
      )
    const { exchange } = only(get(1, 0), "Request")
    exchanges.respond(0, exchange, { code: Code.Changed, options: [], payload: new Uint8Array(3000) })
    const second = sent(get(2, 1))
    assert.deepStrictEqual(decodeBlock(findOption(second.options, OptionNumber.Block2)!.value), {
      num: 8,
      more: true,
      szx: 3
    })
  })

  it("hears 5.00 where the application's options leave no room for 16 bytes, and the cause is told (trust E1)", () => {
    const exchanges = new ServerExchanges(defaultServerSettings, () => 0.5, { messageBytesMax: 64 })
    const { exchange } = only(
      exchanges.handleMessage(0, bytesOf({ code: Code.Get, messageId: 1, options: pathOptions("/a") })),
      "Request"
    )
    const options = [{ number: OptionNumber.PendingCommand, value: new Uint8Array(90) }]
    const outputs = exchanges.respond(0, exchange, { code: Code.Changed, options, payload: noBytes })
    assert.strictEqual(only(outputs, "Transmit").cause, "ResponseTooLarge")
    assert.strictEqual(sent(outputs).code, Code.InternalServerError)
  })
})
