import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type ClientHello, decodeClientHello, encodeClientHello } from "../../src/handshake/ClientHello.ts"
import { decodeClientKeyExchange, encodeClientKeyExchange } from "../../src/handshake/ClientKeyExchange.ts"
import { decodeFinished } from "../../src/handshake/Finished.ts"
import { decodeHelloVerifyRequest, encodeHelloVerifyRequest } from "../../src/handshake/HelloVerifyRequest.ts"
import { noExtensions } from "../../src/handshake/Extension.ts"
import { decodeServerHello, encodeServerHello, type ServerHello } from "../../src/handshake/ServerHello.ts"
import { decodeServerHelloDone } from "../../src/handshake/ServerHelloDone.ts"
import { decodeServerKeyExchange, encodeServerKeyExchange } from "../../src/handshake/ServerKeyExchange.ts"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const byte = between(0, 255)
const bytes = (minimum: number, maximum: number) =>
  Schema.Array(byte).check(Schema.isMinLength(minimum), Schema.isMaxLength(maximum))

const extensions = Schema.Struct({
  extendedMasterSecret: Schema.Boolean,
  encryptThenMac: Schema.Boolean,
  renegotiationInfo: Schema.UndefinedOr(bytes(0, 24)),
  connectionId: Schema.UndefinedOr(bytes(0, 255)),
  maxFragmentLength: Schema.UndefinedOr(Schema.Literals([512, 1024, 2048, 4096])),
  recordSizeLimit: Schema.UndefinedOr(between(64, 0xffff))
})
type Extensions = typeof extensions.Type
const helloExtensions = (e: Extensions) => ({
  ...e,
  renegotiationInfo: e.renegotiationInfo && Uint8Array.from(e.renegotiationInfo),
  connectionId: e.connectionId && Uint8Array.from(e.connectionId),
  supportedVersions: undefined
})

describe("decodes what it encoded", () => {
  it.prop(
    "ClientHello (RFC 5246 §7.4.1.2, RFC 6347 §4.2.1)",
    [bytes(32, 32), bytes(0, 32), bytes(0, 255), bytes(1, 40), extensions],
    ([random, sessionId, cookie, suites, chosen]) => {
      const hello: ClientHello = {
        version: 0xfefd,
        random: Uint8Array.from(random),
        sessionId: Uint8Array.from(sessionId),
        cookie: Uint8Array.from(cookie),
        cipherSuites: suites.map((suite) => suite * 257),
        compressionMethods: Uint8Array.of(0),
        extensions: { ...helloExtensions(chosen), supportedVersions: suites.map((suite) => suite * 256) }
      }
      const encoded = encodeClientHello(hello)
      assert.deepStrictEqual(Result.getOrThrow(decodeClientHello(encoded)), hello)
      assert.deepStrictEqual(encodeClientHello(Result.getOrThrow(decodeClientHello(encoded))), encoded)
    }
  )

  it.prop(
    "ServerHello (RFC 5246 §7.4.1.3)",
    [bytes(32, 32), bytes(0, 32), between(0, 0xffff), extensions],
    ([random, sessionId, cipherSuite, chosen]) => {
      const hello: ServerHello = {
        version: 0xfefd,
        random: Uint8Array.from(random),
        sessionId: Uint8Array.from(sessionId),
        cipherSuite,
        extensions: helloExtensions(chosen)
      }
      assert.deepStrictEqual(Result.getOrThrow(decodeServerHello(encodeServerHello(hello))), hello)
    }
  )

  it.prop("ClientKeyExchange, ServerKeyExchange, HelloVerifyRequest", [bytes(0, 200)], ([content]) => {
    const value = Uint8Array.from(content)
    assert.deepStrictEqual(
      Result.getOrThrow(decodeClientKeyExchange(encodeClientKeyExchange({ pskIdentity: value }))),
      {
        pskIdentity: value
      }
    )
    assert.deepStrictEqual(
      Result.getOrThrow(decodeServerKeyExchange(encodeServerKeyExchange({ pskIdentityHint: value }))),
      {
        pskIdentityHint: value
      }
    )
    const request = { version: 0xfeff, cookie: value }
    assert.deepStrictEqual(Result.getOrThrow(decodeHelloVerifyRequest(encodeHelloVerifyRequest(request))), request)
  })
})

describe("bad input is an error value, never an exception", () => {
  const decoders = [
    decodeClientHello,
    decodeServerHello,
    decodeClientKeyExchange,
    decodeServerKeyExchange,
    decodeHelloVerifyRequest,
    decodeServerHelloDone,
    decodeFinished
  ]

  it.prop("any bytes", [bytes(0, 120)], ([content]) => {
    for (const decode of decoders) assert.isTrue(Result.isResult(decode(Uint8Array.from(content))))
  })

  const hello = encodeClientHello({
    version: 0xfefd,
    random: new Uint8Array(32),
    sessionId: new Uint8Array(32),
    cookie: new Uint8Array(16),
    cipherSuites: [0xc0a8, 0x00ff],
    compressionMethods: Uint8Array.of(0),
    extensions: { ...noExtensions, extendedMasterSecret: true, connectionId: new Uint8Array(4) }
  })

  it("every prefix of a ClientHello is truncated, except the one without extensions (F18)", () => {
    const fixed = 2 + 32 + 33 + 17 + 6 + 2
    for (let length = 0; length < hello.length; length++) {
      assert.strictEqual(Result.isSuccess(decodeClientHello(hello.subarray(0, length))), length === fixed)
    }
  })

  const withExtensions = (list: ReadonlyArray<number>, length = list.length): Uint8Array => {
    const plain = encodeClientHello({
      version: 0xfefd,
      random: new Uint8Array(32),
      sessionId: new Uint8Array(0),
      cookie: new Uint8Array(0),
      cipherSuites: [0xc0a8],
      compressionMethods: Uint8Array.of(0),
      extensions: noExtensions
    })
    return Uint8Array.of(...plain, length >> 8, length & 0xff, ...list)
  }

  it.each([
    ["a duplicate", [0, 23, 0, 0, 0, 23, 0, 0], "DuplicateExtension"],
    ["a max_fragment_length of two bytes", [0, 1, 0, 2, 1, 1], "IllegalValue"],
    ["a record_size_limit of one byte", [0, 28, 0, 1, 63], "IllegalValue"],
    ["supported_versions that are cut off", [0, 43, 0, 2, 2, 0xfe], "IllegalValue"],
    ["supported_versions of an odd length", [0, 43, 0, 4, 3, 0xfe, 0xfd, 0xfe], "IllegalValue"],
    ["a connection id shorter than it says", [0, 54, 0, 2, 2, 1], "IllegalValue"],
    ["an extension longer than the list", [0, 23, 0, 9], "Truncated"]
  ])("F18 %s", (_, list, reason) => {
    assert.containSubset(Result.getOrThrow(Result.flip(decodeClientHello(withExtensions(list)))), {
      by: "peer",
      reason
    })
  })

  it("a list length that lies, both ways (F18)", () => {
    assert.isTrue(Result.isFailure(decodeClientHello(withExtensions([0, 23, 0, 0], 5))))
    assert.isTrue(Result.isFailure(decodeClientHello(withExtensions([0, 23, 0, 0], 3))))
  })

  it("ignores unknown extensions, GREASE (RFC 8701) and 64 KB of them (F18)", () => {
    const list = Array.from({ length: 0x3000 }, (_, i) => [0x80 | (i >> 8), i & 0xff, 0, 0]).flat()
    assert.isTrue(Result.isSuccess(decodeClientHello(withExtensions(list))))
    assert.isTrue(Result.isSuccess(decodeClientHello(withExtensions([]))))
  })

  it("an odd or empty list of suites, and one without null compression (F19)", () => {
    const plain = withExtensions([])
    const suitesAt = 2 + 32 + 1 + 1
    const odd = plain.slice()
    odd[suitesAt + 1] = 1
    assert.isTrue(Result.isFailure(decodeClientHello(odd)))
    const compressed = plain.slice()
    compressed[suitesAt + 5] = 1
    assert.containSubset(Result.getOrThrow(Result.flip(decodeClientHello(compressed))), { what: "compression_methods" })
  })

  it("a Finished of 11 or 13 bytes (RFC 5246 §7.4.9, D10)", () => {
    assert.isTrue(Result.isFailure(decodeFinished(new Uint8Array(11))))
    assert.isTrue(Result.isSuccess(decodeFinished(new Uint8Array(12))))
    assert.isTrue(Result.isFailure(decodeFinished(new Uint8Array(13))))
  })
})
