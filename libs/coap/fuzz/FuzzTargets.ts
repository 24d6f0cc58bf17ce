import * as Result from "effect/Result"
import {
  blockOption,
  Code,
  decode,
  decodeBlock,
  decodeString,
  decodeUint,
  defaultServerSettings,
  encode,
  encodeUint,
  type Message,
  OptionNumber,
  ServerExchanges,
  stringOption,
  uintOption
} from "../src/index.ts"

const bytes = (text: string) => new TextEncoder().encode(text)

const post = (messageId: number, more: Partial<Message> = {}): Uint8Array =>
  encode({
    type: "CON",
    code: Code.Post,
    messageId,
    token: Uint8Array.of(1, 2, messageId & 0xff),
    options: ["topic", "sys", "pk", "dk"].map((segment) => stringOption(OptionNumber.UriPath, segment)),
    payload: bytes(`{"id":"1","params":{}}`),
    ...more
  }).slice()

const block1 = (num: number, more: boolean, messageId: number) =>
  post(messageId, {
    options: [
      stringOption(OptionNumber.UriPath, "topic"),
      blockOption(OptionNumber.Block1, { num, more, szx: 0 }),
      uintOption(OptionNumber.Size1, 40)
    ],
    payload: new Uint8Array(16).fill(65 + num)
  })

const get = (num: number, messageId: number) =>
  post(messageId, {
    code: Code.Get,
    options: [
      stringOption(OptionNumber.UriPath, "topic"),
      blockOption(OptionNumber.Block2, { num, more: false, szx: 1 })
    ],
    payload: new Uint8Array(0)
  })

/** Several messages in one input: each has its length, one octet, in front. */
const sequence = (...messages: ReadonlyArray<Uint8Array>): Uint8Array =>
  new Uint8Array(Buffer.concat(messages.flatMap((message) => [Uint8Array.of(message.length), message])))

/** A body that is longer than one message may hold; the server answers with it, so that block-wise transfer takes place. */
const longBody = new Uint8Array(3_000).fill(0x61)

export const fuzzTargets = [
  {
    name: "message",
    seeds: () => [post(1), block1(0, true, 2), get(0, 3), Uint8Array.of(0x40, 0, 0, 1), Uint8Array.of(0x70, 0, 0, 1)],
    run: (input: Uint8Array) => {
      const decoded = decode(input)
      if (Result.isFailure(decoded)) return
      const again = decode(encode(decoded.success))
      if (Result.isFailure(again))
        throw new Error(`what was read can't be read when it is written: ${again.failure.reason}`)
      const [one, other] = [decoded.success, again.success].map((message) => JSON.stringify(message))
      if (one !== other) throw new Error(`another message comes back: ${one} ${other}`)
    }
  },
  {
    name: "option-values",
    bytesMax: 64,
    seeds: () => [encodeUint(0), encodeUint(0xffff_ffff), bytes("topic"), Uint8Array.of(0x16)],
    run: (input: Uint8Array) => {
      const uint = decodeUint(input)
      if (!(uint >= 0)) throw new Error(`a uint is ${uint}`)
      // Longer values are refused where options are read (RFC 7959 §2.2).
      const block = input.length > 3 ? undefined : decodeBlock(input)
      if (block !== undefined && (block.szx > 6 || block.num > 0xfffff)) throw new Error("a block that can't be")
      const text = decodeString(input)
      if (text !== undefined && Buffer.compare(bytes(text), input) !== 0) throw new Error("text that is not its bytes")
    }
  },
  {
    name: "exchanges",
    bytesMax: 2_048,
    seeds: () => [
      sequence(post(1), post(1), post(2)),
      sequence(block1(0, true, 1), block1(1, true, 2), block1(2, false, 3)),
      sequence(get(0, 1), get(1, 2), get(2, 3)),
      sequence(post(7), Uint8Array.of(0x60, 0, 0, 7), Uint8Array.of(0x70, 0, 0, 7))
    ],
    run: (input: Uint8Array) => {
      const { limits } = defaultServerSettings
      const server = new ServerExchanges(defaultServerSettings, () => 0.5)
      let now = 1_000
      for (let at = 0; at < input.length;) {
        const end = at + 1 + input[at]!
        const outputs = server.handleMessage(now, input.subarray(at + 1, end))
        at = end
        for (const output of outputs) {
          if (output._tag !== "Request") continue
          const { exchange, request } = output
          // Some are answered at once, some late, some never.
          if (request.messageId % 5 === 4) continue
          if (request.messageId % 5 === 3) now += 10_000
          const payload = request.messageId % 2 === 0 ? longBody : new Uint8Array(0)
          for (const answer of server.respond(now, exchange, { code: Code.Changed, options: [], payload })) {
            if (answer._tag !== "Transmit") continue
            const sent = decode(answer.bytes)
            if (Result.isFailure(sent)) throw new Error(`the server sent what it can't read: ${sent.failure.reason}`)
          }
        }
        now += 500
        server.handleTimeout(now)
        const held =
          limits.cachedResponseBytesMax +
          limits.uploadsMax * limits.requestBodyBytesMax +
          limits.downloadsMax * limits.responseBodyBytesMax +
          limits.exchangesInFlightMax * 4_096
        if (server.bytesHeld > held) throw new Error(`${server.bytesHeld} bytes are held`)
      }
    }
  }
]
