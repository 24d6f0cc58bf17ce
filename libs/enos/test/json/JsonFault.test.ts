import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { decodeRequest, findJsonFault, formatJsonFault, readJson } from "../../src/index.ts"
import { writtenNumbers } from "../support/numerals.ts"

const utf8 = (text: string) => new TextEncoder().encode(text)
const utf16 = (text: string) => new Uint8Array(Buffer.from(text, "utf16le"))
const joined = (...parts: ReadonlyArray<Uint8Array>) => new Uint8Array(Buffer.concat(parts))
const message = `{"id":"1","version":"1.0","method":"m","params":{}}`
const bom = Uint8Array.of(0xef, 0xbb, 0xbf)

describe("a payload that is no JSON", () => {
  for (const [name, payload, at, cause] of [
    ["a trailing NUL", joined(utf8(message), Uint8Array.of(0)), message.length, /length is off by one/],
    ["two byte order marks", joined(bom, bom, utf8(message)), 3, /byte order mark inside/],
    ["a buffer's NULs", joined(utf8(message), new Uint8Array(9)), message.length, /size of the buffer/],
    ["a NUL inside", joined(utf8(`{"a":`), Uint8Array.of(0), utf8("1}")), 5, /NUL inside/],
    ["nan", utf8(`{"a":nan}`), 5, /not a number/],
    ["-nan", utf8(`{"a":-nan}`), 6, /not a number/],
    ["NaN", utf8(`{"a":NaN}`), 5, /not a number/],
    ["inf", utf8(`{"a":inf}`), 5, /infinite/],
    ["-Infinity", utf8(`{"a":-Infinity}`), 6, /infinite/],
    ["1.#INF", utf8(`{"a":1.#INF}`), 7, /infinite|no number/],
    ["GBK", joined(utf8(`{"name":"`), Uint8Array.of(0xce, 0xc2, 0xb6, 0xc8), utf8(`"}`)), 9, /GBK/],
    ["Latin-1", joined(utf8(`{"u":"`), Uint8Array.of(0xb0), utf8(`C"}`)), 6, /Latin-1/],
    ["UTF-16LE", utf16(message), 1, /UTF-16LE/],
    ["UTF-16LE with its mark", joined(Uint8Array.of(0xff, 0xfe), utf16(message)), 0, /UTF-16LE/],
    ["UTF-16BE", new Uint8Array(Buffer.from(message, "utf16le").swap16()), 0, /UTF-16BE/],
    ["cut JSON", utf8(message.slice(0, 20)), 20, /cut/],
    ["JSON cut in a number", utf8(`{"a":-`), 6, /cut/],
    ["a character cut in two", joined(utf8(`{"a":"`), Uint8Array.of(0xe5, 0xba)), 6, /several bytes was cut/],
    ["single quotes", utf8(`{'id':'1'}`), 1, /single quotes/],
    ["a trailing comma", utf8(`{"a":1,}`), 7, /comma after the last/],
    ["a trailing comma of an array", utf8(`[1,]`), 3, /comma after the last/],
    ["a missing value", utf8(`{"a":}`), 5, /value is missing/],
    ["a missing value before another", utf8(`{"a":,"b":1}`), 5, /value is missing/],
    ["two commas", utf8(`[1,,2]`), 3, /two commas/],
    ["an unescaped line end", utf8(`{"a":"x\ny"}`), 7, /control character.*\\n/],
    ["an unescaped tab", utf8(`{"a":"x\ty"}`), 7, /control character.*\\t/],
    ["a hexadecimal number", utf8(`{"a":0x1F}`), 6, /hexadecimal/],
    ["a leading zero", utf8(`{"a":007}`), 6, /leading zero/],
    ["a plus sign", utf8(`{"a":+1}`), 5, /plus sign/],
    ["no digit before the point", utf8(`{"a":.5}`), 5, /before the point/],
    ["no digit after the point", utf8(`{"a":5.}`), 7, /after the point/],
    ["True", utf8(`{"a":True}`), 5, /small letters/],
    ["None", utf8(`{"a":None}`), 5, /small letters/],
    ["undefined", utf8(`{"a":undefined}`), 5, /small letters/],
    ["a decimal comma", utf8(`{"a":21,5}`), 8, /comma for a decimal point/],
    ["a key without quotes", utf8(`{id:"1"}`), 1, /key without quotes/],
    ["a text without quotes", utf8(`{"a":on}`), 5, /without quotes/],
    ["a comment", utf8(`{"a":1 // one\n}`), 7, /comment/],
    ["printf's format", utf8(`{"a":%f}`), 5, /format of printf/],
    ["two messages", utf8(message + message), message.length, /two messages/],
    ["an older, longer text behind", utf8(message + `0"}`), message.length, /older, longer/],
    ["a bracket too many", utf8(message + "}"), message.length, /too many/],
    ["a missing comma", utf8(`{"a":1 "b":2}`), 7, /comma is missing/],
    ["a quote inside a text", utf8(`{"a":"5"x"}`), 8, /quote inside/],
    ["a path of Windows", utf8(`{"a":"C:\\dir"}`), 9, /backslash/],
    ["a suffix of C", utf8(`{"a":1.5f}`), 8, /suffix/],
    ["XML", utf8(`<a/>`), 0, /XML/],
    ["raw bytes", Uint8Array.of(0x01, 0x03, 0x02), 0, /raw bytes|NUL/],
    ["brackets that do not match", utf8(`{"a":[1}`), 7, /do not match/],
    ["gzip", Uint8Array.of(0x1f, 0x8b, 8), 0, /gzip/],
    ["CBOR", Uint8Array.of(0xa4, 0x62, 0x69, 0x64, 0x61, 0x31), 0, /CBOR instead/],
    ["MessagePack", Uint8Array.of(0x84, 0xa2, 0x69, 0x64, 0xa1, 0x31), 0, /MessagePack instead/],
    ["a message of protobuf", Uint8Array.of(0x0a, 0x01, 0x31, 0x12), 1, /raw bytes/],
    ["base64", utf8(Buffer.from(message).toString("base64")), 0, /base64/],
    ["a form", utf8("temp=21.5&hum=3"), 0, /a form/],
    ["CSV", utf8("21.5,33"), 4, /CSV/],
    ["quotes that were escaped once too often", utf8(message.replaceAll('"', '\\"')), 1, /once too often/]
  ] as const) {
    it(`that has ${name} is explained (trust E9)`, () => {
      const fault = findJsonFault(payload)
      assert.strictEqual(fault?.at, at, JSON.stringify(fault))
      assert.match(fault?.cause ?? "", cause)
      const refused = decodeRequest(payload)
      assert.isTrue(Result.isFailure(refused))
      if (Result.isFailure(refused)) assert.include(refused.failure.message, formatJsonFault(fault!))
    })
  }

  it("that is no JSON at all is told of the topic for bytes where a device sent it, and nowhere else", () => {
    const payload = utf8("temp=21.5")
    const [sent, read] = [decodeRequest(payload), readJson(payload, 34)]
    assert.isTrue(Result.isFailure(sent) && sent.failure.message.endsWith("raw bytes belong to thing/model/up_raw"))
    assert.isTrue(Result.isFailure(read) && read.failure.got.endsWith("a form (name=value) instead of JSON"))
  })

  it("is told from one that is by exactly what JSON.parse takes (trust E9)", () => {
    const seeds = [
      message,
      `{"a":[1,-2.5e+3,true,null,"\\u00e9\\n",{"b":""}]}`,
      `"\\ud83d"`,
      ` [ ] `,
      ...writtenNumbers
    ]
    let random = 1
    for (let round = 0; round < 20_000; round++) {
      const bytes = utf8(seeds[round % seeds.length]!)
      for (let changes = round % 3; changes > 0; changes--) {
        random = (random * 1_103_515_245 + 12_345) & 0x7fffffff
        bytes[random % bytes.length] = 0x20 + ((random >> 8) % 0x5f)
      }
      const text = Buffer.from(bytes).toString("latin1")
      let valid = true
      try {
        JSON.parse(text)
      } catch {
        valid = false
      }
      assert.strictEqual(findJsonFault(bytes) === undefined, valid, text)
    }
  })
})

describe("a byte order mark", () => {
  it("is cut off (trust E8)", () => {
    const read = decodeRequest(joined(bom, utf8(message)))
    assert.strictEqual(Result.getOrThrow(read).id, "1")
    assert.isTrue(Result.isFailure(readJson(joined(bom, bom, utf8("1")), 1)))
    assert.strictEqual(findJsonFault(joined(bom, utf8("{'")))?.at, 4)
  })
})

describe("deep nesting", () => {
  for (const depth of [18, 5_000, 50_000]) {
    it(`of ${depth} is refused, with and without numbers to keep, wherever it is (trust F14)`, () => {
      const nested = (inner: string) => "[".repeat(depth) + inner + "]".repeat(depth)
      for (const inner of ["", "1.0"]) {
        for (const text of [
          `{"version":"1.0","method":"m","params":${nested(inner)}}`,
          `{"version":"1.0","method":"m","params":{},"more":${nested(inner)}}`
        ]) {
          const read = decodeRequest(utf8(text))
          assert.isTrue(Result.isFailure(read) && /deep|bytes/.test(read.failure.message))
        }
      }
    })
  }
})
