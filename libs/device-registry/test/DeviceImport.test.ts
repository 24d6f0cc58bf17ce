import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { gzipSync } from "node:zlib"
import { createProduct, importLines, send, served } from "./support/RegistryHttp.ts"

describe("an import", () => {
  it.live("answers every line and lets no line stop the others", () =>
    Effect.gen(function* () {
      yield* createProduct
      const lines = [
        `{"deviceKey":"a","deviceSecret":"secret-of-the-hall","deviceName":"Hall"}`,
        `{"deviceKey":"a"}`,
        `{"deviceKey":`,
        `{"deviceKey":"b/c"}`,
        ``,
        `{"deviceKey":"${"x".repeat(3000)}"}`,
        `{"deviceKey":"z"}`
      ]
      const { status, results } = yield* importLines("/v1/products/pk1/devices:import", lines.join("\n"))
      assert.strictEqual(status, 200)
      assert.deepStrictEqual(
        results.map((result) => [result._tag, result.line]),
        [
          ["Imported", 1],
          ["Refused", 2],
          ["Refused", 3],
          ["Refused", 4],
          ["Refused", 6],
          ["Imported", 7],
          ["Done", undefined]
        ]
      )
      assert.deepStrictEqual(results.at(-1), { _tag: "Done", imported: 2, refused: 4 })
      assert.strictEqual(results[0].deviceSecret, "secret-of-the-hall")
      assert.match(results[3].reason, /^deviceKey: expected 1–64 of /)
      assert.strictEqual((yield* send("GET", "/v1/products/pk1/devices/a")).body.deviceName, "Hall")
      assert.strictEqual((yield* importLines("/v1/products/pk9/devices:import", "{}")).status, 404)
    }).pipe(Effect.provide(served()))
  )

  it.live("names the byte at which a line ends to be JSON, and what usually makes such a file", () =>
    Effect.gen(function* () {
      yield* createProduct
      const utf16 = Uint8Array.of(0xff, 0xfe, ...Buffer.from('{"deviceKey":"a"}', "utf16le"))
      const cases: ReadonlyArray<readonly [body: string | Uint8Array, reason: RegExp]> = [
        ['{"deviceKey":}', /^expected JSON, got byte 13: expected a value, got 0x7d }; likely cause: /],
        ['[{"deviceKey":"a"},', /likely cause: a JSON array in place of lines.*jq -c/],
        ['[{"deviceKey":"a"}]', /^expected an object, got an array; .*jq -c/],
        ['{"deviceKey":"a"},', /byte 17: .*a comma behind the device/],
        ['{\n "deviceKey":"a"\n}', /got byte 1: .*a device over several lines/],
        ["deviceKey,deviceName\na,Hall", /got byte 0: .*CSV or a list of keys; roost import/],
        ["a", /CSV or a list of keys/],
        [gzipSync("x"), /compressed; gunzip/],
        [utf16, /the text is UTF-16LE/],
        [Uint8Array.of(...Buffer.from('{"deviceKey":"'), 0xb0), /got byte 14: expected UTF-8.*Latin-1/]
      ]
      for (const [body, reason] of cases) {
        const { results } = yield* importLines("/v1/products/pk1/devices:import", body)
        assert.match(results[0].reason, reason)
      }
      const files = yield* importLines(
        "/v1/products/pk1/devices:import",
        '\uFEFF{"deviceKey":"b"}\r\n\r\n{"deviceKey":"c"}'
      )
      assert.deepStrictEqual(files.results.at(-1), { _tag: "Done", imported: 2, refused: 0 })
    }).pipe(Effect.provide(served()))
  )

  it.live("takes ten thousand devices", () =>
    Effect.gen(function* () {
      yield* createProduct
      const lines = Array.from({ length: 10_000 }, (_, i) => `{"deviceKey":"imei-${86_000_000 + i}"}\n`).join("")
      const { results } = yield* importLines("/v1/products/pk1/devices:import", lines)
      assert.deepStrictEqual(results.at(-1), { _tag: "Done", imported: 10_000, refused: 0 })
    }).pipe(Effect.provide(served()))
  )
})
