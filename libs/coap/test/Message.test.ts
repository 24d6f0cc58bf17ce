import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { decode, encode, encodeEmpty, type FormatReason, type Message, noBytes, optionCountMax } from "../src/index.ts"
import { bytesOf, decoded, hex, message, text, toHex } from "./support/build.ts"
import { oracleDecode, oracleEncode } from "./support/CoapPacket.ts"

const failure = (bytes: Uint8Array): FormatReason | undefined => {
  const result = decode(bytes)
  return Result.isFailure(result) ? result.failure.reason : undefined
}

const Bytes = (lengthMax: number) =>
  Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))).check(Schema.isMaxLength(lengthMax))

const Between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const AnyMessage = Schema.Struct({
  type: Schema.Literals(["CON", "NON", "ACK", "RST"]),
  code: Between(1, 255),
  messageId: Between(0, 0xffff),
  token: Bytes(8),
  options: Schema.Array(Schema.Struct({ number: Between(0, 0xffff), value: Bytes(300) })).check(Schema.isMaxLength(12)),
  payload: Bytes(64)
})

const fromSample = (sample: typeof AnyMessage.Type): Message => ({
  ...sample,
  token: Uint8Array.from(sample.token),
  options: sample.options
    .map(({ number, value }) => ({ number, value: Uint8Array.from(value) }))
    .toSorted((a, b) => a.number - b.number),
  payload: Uint8Array.from(sample.payload)
})

describe("Message", () => {
  it("reads the request of RFC 7252 Appendix A, figure 16", () => {
    const request = decoded(hex("40 01 7d34 bb 74656d7065726174757265"))
    assert.deepStrictEqual(request, {
      type: "CON",
      code: 0x01,
      messageId: 0x7d34,
      token: noBytes,
      options: [{ number: 11, value: text("temperature") }],
      payload: noBytes
    })
  })

  it("writes the response of RFC 7252 Appendix A, figure 17", () => {
    const response = message({
      type: "ACK",
      code: 0x45,
      messageId: 0x7d35,
      token: hex("20"),
      options: [],
      payload: text("22.3 C")
    })
    assert.strictEqual(toHex(encode(response)), "61457d3520ff32322e332043")
  })

  it("writes option 2100 with a two-byte delta, RFC 7252 §3.1", () => {
    const options = [{ number: 2100, value: text("/topic/x") }]
    assert.strictEqual(
      toHex(encode(message({ type: "ACK", code: 0x44, token: noBytes, options }))),
      "60440001e80727" + toHex(text("/topic/x"))
    )
  })

  it.prop("decodes what it has encoded", [AnyMessage], ([sample]) => {
    const original = fromSample(sample)
    assert.deepStrictEqual(decoded(encode(original)), original)
  })

  it.prop("encodes as coap-packet does", [AnyMessage], ([sample]) => {
    const original = fromSample(sample)
    assert.strictEqual(toHex(encode(original)), toHex(oracleEncode(original)))
  })

  it.prop(
    "decodes arbitrary bytes as coap-packet does, or says what coap-packet has overlooked",
    [Bytes(40)],
    ([sample]) => {
      agreesWithOracle(Uint8Array.from(sample))
    }
  )

  it.prop(
    "survives every mutation of a message, and reads it as coap-packet does",
    [AnyMessage, Between(0, 0xffff), Between(0, 255), Between(0, 0xffff)],
    ([sample, position, value, cut]) => {
      const bytes = encode(fromSample(sample)).slice()
      bytes[position % bytes.length] = value
      agreesWithOracle(bytes)
      agreesWithOracle(bytes.subarray(0, cut % bytes.length))
    }
  )

  it("sorts options and keeps the order of equal ones", () => {
    const q = { number: 15, value: text("q") }
    const b = { number: 11, value: text("b") }
    const a = { number: 11, value: text("a") }
    assert.deepStrictEqual(decoded(encode(message({ options: [q, b, a] }))).options, [b, a, q])
  })

  it("calls everything below four bytes too short (C1)", () => {
    for (const short of ["", "40", "4001", "400100"]) assert.strictEqual(failure(hex(short)), "TooShort")
  })

  it("does not know versions 0, 2 and 3, RFC 7252 §3 (C1)", () => {
    for (const first of ["00", "80", "c0"]) assert.strictEqual(failure(hex(`${first}010001`)), "UnknownVersion")
  })

  it("refuses token lengths 9 to 15 even if the bytes are there, RFC 7252 §3 (C1)", () => {
    for (let length = 9; length <= 15; length += 1) {
      const bytes = new Uint8Array(40).fill(0)
      bytes.set([0x40 | length, 1, 0, 1])
      assert.strictEqual(failure(bytes), "TokenLengthReserved")
    }
  })

  it("refuses a token that is longer than the message (C1)", () => {
    assert.strictEqual(failure(hex("440100010102 03")), "TokenTruncated")
  })

  it("refuses a payload marker without payload, RFC 7252 §3 (C2)", () => {
    assert.strictEqual(failure(hex("40020001 ff")), "PayloadMarkerWithoutPayload")
    assert.strictEqual(failure(hex("40020001 b161 ff")), "PayloadMarkerWithoutPayload")
  })

  it("refuses option delta 15 and option length 15, RFC 7252 §3.1 (C2)", () => {
    assert.strictEqual(failure(hex("40020001 f1 61")), "OptionHeaderReserved")
    assert.strictEqual(failure(hex("40020001 1f 61")), "OptionHeaderReserved")
  })

  it("refuses missing extension bytes and values beyond the end (C2)", () => {
    for (const tail of ["d0", "e0", "e001", "0d", "0e", "0e01", "dd00", "ee0000"]) {
      assert.strictEqual(failure(hex(`40020001 ${tail}`)), "OptionHeaderTruncated")
    }
    assert.strictEqual(failure(hex("40020001 b3 6162")), "OptionValueTruncated")
  })

  it("refuses option numbers that sum to more than 65535 (CVE-2020-12887, C3)", () => {
    assert.strictEqual(failure(hex("40020001 e0fef2 20")), "OptionNumberTooLarge")
    assert.strictEqual(failure(hex("40020001 e0fef2 00")), undefined)
    assert.strictEqual(failure(hex("40020001 e0ffff")), "OptionNumberTooLarge")
  })

  it("stops at the option that is one too many (C4)", () => {
    const options = (count: number) => new Uint8Array([...hex("40020001 b0"), ...new Uint8Array(count - 1)])
    assert.strictEqual(failure(options(optionCountMax)), undefined)
    assert.strictEqual(failure(options(10_000)), "TooManyOptions")
  })

  it("refuses an Empty message with a token or trailing bytes, RFC 7252 §4.1 (C6)", () => {
    assert.strictEqual(failure(hex("4000000100")), "EmptyWithContent")
    assert.strictEqual(failure(hex("41000001aa")), "EmptyWithContent")
    assert.strictEqual(failure(hex("41000001")), "TokenTruncated")
    assert.strictEqual(failure(hex("40000001")), undefined)
  })

  it("says type and message id of what it refuses, for the RST", () => {
    const result = decode(hex("5f 02 abcd"))
    assert.deepStrictEqual(
      result,
      Result.fail({ _tag: "FormatError", reason: "TokenLengthReserved", type: "NON", messageId: 0xabcd })
    )
  })

  it("writes the four bytes of an Empty message", () => {
    assert.strictEqual(toHex(encodeEmpty("ACK", 0xabcd)), "6000abcd")
    assert.strictEqual(toHex(encodeEmpty("RST", 1)), "70000001")
  })

  it("does not let a later message touch an earlier one in the shared block", () => {
    const first = encode(message({ payload: text("first") }))
    const before = toHex(first)
    for (let index = 0; index < 2_000; index += 1) encode(message({ payload: text("later") }))
    assert.strictEqual(toHex(first), before)
  })

  it("takes a token above eight bytes as the caller's defect", () => {
    assert.throws(() => bytesOf({ token: new Uint8Array(9) }), RangeError)
  })
})

/** Faults that coap-packet lets pass although RFC 7252 §3 forbids them. */
const overlooked: ReadonlySet<FormatReason> = new Set<FormatReason>([
  "TokenLengthReserved",
  "TokenTruncated",
  "OptionNumberTooLarge",
  "OptionValueTruncated",
  "PayloadMarkerWithoutPayload",
  "EmptyWithContent"
])

const agreesWithOracle = (bytes: Uint8Array): void => {
  const ours = decode(bytes)
  const theirs = oracleDecode(bytes)
  if (Result.isSuccess(ours)) assert.deepStrictEqual(ours.success, theirs)
  else if (theirs !== undefined) assert.isTrue(overlooked.has(ours.failure.reason), ours.failure.reason)
}
