import { assert, describe, it } from "@effect/vitest"
import { Code, noBytes, OptionNumber, stringOption, uintOption } from "../src/index.ts"
import { bytesOf, hex, only, pathOptions, sent, server, toHex } from "./support/build.ts"

describe("ServerExchanges: options", () => {
  const answerTo = (number: number, value: string | Uint8Array, type: "CON" | "NON" = "CON") => {
    const option = typeof value === "string" ? stringOption(number, value) : { number, value }
    return server().handleMessage(0, bytesOf({ type, options: [...pathOptions("/topic/a"), option] }))
  }

  it("answers an unknown critical option in a CON with 4.02 and no payload, and ignores it in a NON, RFC 7252 §5.4.1 (C5)", () => {
    for (const number of [
      OptionNumber.IfMatch,
      OptionNumber.IfNoneMatch,
      OptionNumber.Oscore,
      OptionNumber.QBlock1,
      OptionNumber.QBlock2,
      9999
    ]) {
      const answer = sent(answerTo(number, "x"))
      assert.deepStrictEqual(
        [answer.type, answer.code, answer.payload, answer.options],
        ["ACK", Code.BadOption, noBytes, []]
      )
      assert.strictEqual(only(answerTo(number, "x", "NON"), "Ignored").reason, "CriticalOptionUnknown")
    }
  })

  it("ignores elective options, known or not: Observe, ETag, Hop-Limit, Echo, 2100, RFC 7252 §5.4.1", () => {
    for (const number of [OptionNumber.Observe, OptionNumber.ETag, 16, OptionNumber.Echo, 2100, 65_000])
      only(answerTo(number, "x"), "Request")
  })

  it("accepts Uri-Host and Uri-Port and answers Proxy-Uri and Proxy-Scheme with 5.05, RFC 7252 §5.10.1, §5.10.2", () => {
    only(answerTo(OptionNumber.UriHost, "example.org"), "Request")
    only(answerTo(OptionNumber.UriPort, hex("1634")), "Request")
    assert.strictEqual(sent(answerTo(OptionNumber.ProxyUri, "coap://x/")).code, Code.ProxyingNotSupported)
    assert.strictEqual(sent(answerTo(OptionNumber.ProxyScheme, "coap")).code, Code.ProxyingNotSupported)
  })

  it("treats a repeated non-repeatable option, or one of a wrong length, like an unknown one, RFC 7252 §5.4.3, §5.4.5", () => {
    const twice = [uintOption(OptionNumber.Accept, 0), uintOption(OptionNumber.Accept, 50)]
    assert.strictEqual(sent(server().handleMessage(0, bytesOf({ options: twice }))).code, Code.BadOption)
    assert.strictEqual(sent(answerTo(OptionNumber.Accept, hex("000000"))).code, Code.BadOption)
    const electiveTwice = [uintOption(OptionNumber.ContentFormat, 50), uintOption(OptionNumber.ContentFormat, 0)]
    const { request } = only(server().handleMessage(0, bytesOf({ options: electiveTwice })), "Request")
    assert.strictEqual(request.contentFormat, 50)
  })

  it("keeps path segments apart, so that no spelling reaches another path, RFC 7252 §5.10.1 (C4)", () => {
    const paths = (...segments: ReadonlyArray<string>) => {
      const options = segments.map((segment) => stringOption(OptionNumber.UriPath, segment))
      return server().handleMessage(0, bytesOf({ options }))
    }
    for (const segments of [["a/b"], ["a%2Fb"], ["a", "", "b"], [""], ["设备"], ["\u{feff}a"], ["a\0"]]) {
      assert.deepStrictEqual(only(paths(...segments), "Request").request.path, segments)
    }
    for (const segments of [["a", "..", "b"], ["."], ["x".repeat(256)]]) {
      assert.strictEqual(sent(paths(...segments)).code, Code.BadOption)
    }
    assert.strictEqual(sent(answerTo(OptionNumber.UriPath, hex("c328"))).code, Code.BadOption)
    assert.strictEqual(only(paths(...Array.from({ length: 255 }, () => "")), "Request").request.path.length, 255)
  })

  it("answers the copies of a refused request with the same bytes (C7)", () => {
    const exchanges = server()
    const bytes = bytesOf({ options: [{ number: 9999, value: noBytes }] })
    const first = toHex(only(exchanges.handleMessage(0, bytes), "Transmit").bytes)
    assert.strictEqual(toHex(only(exchanges.handleMessage(1, bytes), "Transmit").bytes), first)
  })

  it("holds responses back that No-Response does not want, and still acknowledges a CON, RFC 7967 §2", () => {
    const respond = (type: "CON" | "NON", bits: number, code: number) => {
      const exchanges = server()
      const options = [uintOption(OptionNumber.NoResponse, bits)]
      const { exchange } = only(exchanges.handleMessage(0, bytesOf({ type, options, messageId: 3 })), "Request")
      return exchanges.respond(0, exchange, { code, options: [], payload: noBytes })
    }
    assert.strictEqual(toHex(only(respond("CON", 2, Code.Changed), "Transmit").bytes), "60000003")
    assert.strictEqual(only(respond("NON", 26, Code.InternalServerError), "Ignored").reason, "ResponseUnwanted")
    assert.strictEqual(sent(respond("NON", 2, Code.NotFound)).code, Code.NotFound)
    assert.strictEqual(sent(respond("NON", 0, Code.Changed)).code, Code.Changed)
  })
})
