import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { formatIdentity, parseIdentity, printableText, pskFromSecret } from "../src/index.ts"

const parse = (text: string) => parseIdentity(new TextEncoder().encode(text))
const failure = (text: string) => {
  const result = parse(text)
  return Result.isFailure(result) ? result.failure : undefined
}

describe("PskIdentity", () => {
  it("reads the contract's form (S110)", () => {
    assert.deepStrictEqual(
      parse("MuGsF6W4,15bBZlRknc,2,3600"),
      Result.succeed({
        productKey: "MuGsF6W4",
        deviceKey: "15bBZlRknc",
        secureMode: 2,
        lifetimeSeconds: 3600
      })
    )
  })

  for (const lifetime of [30, 60, 86_400]) {
    it(`takes Lifetime ${lifetime} (F20)`, () => assert.isTrue(Result.isSuccess(parse(`pk1,dev1,3,${lifetime}`))))
  }

  for (const lifetime of ["29", "86401", "-1", "1e9", " 60", "060", "", "60.0", "+60", "999999999999"]) {
    it(`refuses Lifetime "${lifetime}" and still names the device (F20)`, () => {
      const error = failure(`pk1,dev1,2,${lifetime}`)
      assert.strictEqual(error?.field, "lifetime")
      assert.strictEqual(error?.deviceKey, "dev1")
    })
  }

  for (const mode of ["0", "1", "4", "", "22", " 2"]) {
    it(`refuses SecureMode "${mode}" (F20)`, () =>
      assert.strictEqual(failure(`pk1,dev1,${mode},60`)?.field, "secureMode"))
  }

  it("refuses too few and too many commas, other alphabets and lengths (F20)", () => {
    assert.strictEqual(failure("")?.field, "identity")
    assert.strictEqual(failure("pk1,dev1,2")?.field, "identity")
    assert.strictEqual(failure("pk1,dev1,2,60,")?.field, "identity")
    assert.strictEqual(failure("p k,dev1,2,60")?.field, "productKey")
    assert.strictEqual(failure(",dev1,2,60")?.field, "productKey")
    assert.strictEqual(failure("pk1,de/v,2,60")?.field, "deviceKey")
    assert.strictEqual(failure("pk1,de\u0000v,2,60")?.field, "deviceKey")
    assert.strictEqual(failure(`pk1,${"d".repeat(65)},2,60`)?.field, "deviceKey")
    assert.strictEqual(failure("x".repeat(129))?.field, "identity")
    assert.isTrue(Result.isFailure(parseIdentity(Uint8Array.of(0xff, 0xfe, 0x2c))))
  })

  it("quotes what a stranger sent, so that no control character reaches a terminal (F22)", () => {
    assert.include(failure("pk1,a\r\nb,2,60")!.message, String.raw`a\r\nb`)
  })

  const bytesOf = (text: string) => new TextEncoder().encode(text)
  for (const [what, bytes, shown, cause] of [
    ["quotes", bytesOf('"pk1,dev1,2,60"'), String.raw`\"pk1`, /quotes/],
    ["a blank after the comma", bytesOf("pk1, dev1,2,60"), '" dev1"', /blanks/],
    ["five parts", bytesOf("pk1,dev1,2,60,x"), "pk1,dev1,2,60,x", /a field too many/],
    ["three parts", bytesOf("pk1,dev1,2"), "pk1,dev1,2", /a field is missing/],
    ["semicolons", bytesOf("pk1;dev1;2;60"), "pk1;dev1;2;60", /something else than commas/],
    ["a key alone", bytesOf("dev1"), '"dev1"', /device key or a name alone/],
    ["nothing", bytesOf(""), '""', /no identity is configured/],
    ["a leading NUL", bytesOf("\0pk1,dev1,2,60"), String.raw`\x00pk1`, /a length or a NUL goes before/],
    ["a trailing NUL", bytesOf("pk1,dev1,2,60\0"), String.raw`60\x00`, /off by one/],
    ["a line feed", bytesOf("pk1,dev1,2,60\n"), String.raw`60\n`, /line feed/],
    ["a byte order mark", bytesOf("\ufeffpk1,dev1,2,60"), String.raw`\xef\xbb\xbfpk1`, /byte order mark/],
    ["UTF-16LE", Uint8Array.from(Buffer.from("pk1,dev1,2,60", "utf16le")), String.raw`p\x00k\x00`, /UTF-16/],
    ["UTF-16BE", Uint8Array.of(0, 0x70, 0, 0x6b), String.raw`\x00p\x00k`, /UTF-16/],
    [
      "UTF-16LE with its mark",
      Uint8Array.from(Buffer.from("\ufeffpk1,dev1,2,60", "utf16le")),
      String.raw`p\x00k`,
      /UTF-16/
    ],
    ["UTF-16BE with its mark", Uint8Array.of(0xfe, 0xff, 0, 0x70, 0, 0x6b), String.raw`\x00p\x00k`, /UTF-16/],
    ["invalid UTF-8", Uint8Array.of(0x70, 0xff, 0xfe, 0x2c), String.raw`p\xff\xfe,`, /not ASCII/],
    [
      "what overwrites a terminal",
      bytesOf("pk1,\u001b[2J\u202edev1,2,60"),
      String.raw`\x1b[2J\xe2\x80\xae`,
      /not ASCII/
    ],
    ["128 bytes and more", new Uint8Array(4000).fill(0x61), "…(4000 bytes)", /a name alone/]
  ] as const) {
    it(`quotes an identity with ${what}, bounded and escaped, and says why it may be so (trust E21)`, () => {
      const { message } = Result.getOrThrow(Result.flip(parseIdentity(bytes)))
      assert.include(message, shown)
      assert.match(message, cause)
      assert.match(message, /^[\x20-\x7e–…]+$/)
      assert.isBelow(message.length, 700)
      assert.match(message, /Send \{ProductKey\},\{DeviceKey\},\{SecureMode\},\{Lifetime\} as ASCII text/)
    })
  }

  it("shows different identities differently (trust E21)", () => {
    const seen = new Set<string>()
    for (let byte = 0; byte < 256; byte++) seen.add(printableText(Uint8Array.of(byte)))
    assert.strictEqual(seen.size, 256)
    assert.notStrictEqual(printableText(bytesOf("\\x00")), printableText(bytesOf("\0")))
  })

  it("writes what it reads", () => {
    const text = "pk_1,IMEI:86.7-9,3,86400"
    assert.strictEqual(formatIdentity(Result.getOrThrow(parse(text))), text)
  })
})

describe("pskFromSecret", () => {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")

  // Provenance: `printf SECRET | sha256sum | cut -c17-48`; bytes 9–24 counted from one.
  for (const [secret, key] of [
    ["Z5YtZaQpK5IWocakV7zQ", "2e87da0cb9cad2c1fb7369531ce9644a"],
    ["abcdefg", "f5b79b5fb0803061152a44f92b37e23c"],
    ["M3yy874uGY8INjEGddTR", "43e307fffce19a0176803de3445fe0e3"]
  ] as const) {
    it(`takes bytes 9–24 of SHA-256 of ${secret} (S111)`, () => assert.strictEqual(hex(pskFromSecret(secret)), key))
  }
})
