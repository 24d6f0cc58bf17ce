import { assert, describe, it } from "@effect/vitest"
import { temporaryDirectory } from "@roost/testkit"
import { Effect } from "effect"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { exitCodes } from "../src/ExitCode.ts"
import { LineReader } from "../src/commands/ImportLines.ts"
import { httpServer, problem, registry, run } from "./support/InProcess.ts"

const uplink = (n: number): string =>
  `id: ${n}\nevent: uplink\ndata: {"type":"uplink","productKey":"p","deviceKey":"d","kind":"measurepoint","payload":{"params":{"n":${n}.0}}}\n\n`

describe("roost watch", () => {
  it.live("goes on where it was after the stream broke off, and misses and repeats nothing", () =>
    Effect.gen(function* () {
      const from: Array<string | undefined> = []
      const { url } = yield* httpServer((request, response) => {
        from.push(request.headers["last-event-id"] as string | undefined)
        response.writeHead(200, { "content-type": "text/event-stream" })
        if (from.length === 1) response.write(`id: 0\n: in use\n\n${uplink(1)}${uplink(2)}`, () => response.destroy())
        else if (from.length === 2) response.end("event: stopped\ndata: it restarts\n\n")
        else response.write(uplink(3))
      })
      const { code, out, told } = yield* run(url, ["watch", "p/", "--count", "3", "--output", "json"])
      assert.strictEqual(code, 0)
      const events = out.split("\n").map((line) => JSON.parse(line) as { readonly id: string; readonly event: string })
      assert.deepStrictEqual(
        events.map(({ event, id }) => [id, event]),
        ["1", "2", "3"].map((id) => [id, "uplink"])
      )
      assert.include(out, '"n":3.0')
      assert.deepStrictEqual(from, [undefined, "2", "2"])
      assert.include(told, "stopped: it restarts")
    }).pipe(Effect.scoped)
  )

  it.live("ends where asking again would not help", () =>
    Effect.gen(function* () {
      const { url } = yield* registry(() => problem(401, "unauthorized"))
      assert.strictEqual((yield* run(url, ["watch"])).code, exitCodes.notAllowed.code)
      assert.strictEqual((yield* run(url, ["watch", "--kinds", "uplinks"])).code, exitCodes.unusable.code)
    }).pipe(Effect.scoped)
  )
})

describe("roost import", () => {
  it.effect("reads lines of JSON, CSV and keys", () =>
    Effect.gen(function* () {
      const read = (lines: ReadonlyArray<string>) => {
        const reader = new LineReader()
        return Effect.map(
          Effect.forEach(lines, (line) => reader.read(line)),
          (found) => found.filter((line) => line !== undefined)
        )
      }
      assert.deepStrictEqual(yield* read(["a", "", '{"deviceKey":"b"}']), [
        { line: 1, text: '{"deviceKey":"a"}' },
        { line: 3, text: '{"deviceKey":"b"}' }
      ])
      assert.deepStrictEqual(yield* read(["\uFEFFdeviceKey,deviceName", 'a,"Cellar, left"', "b,"]), [
        { line: 2, text: '{"deviceKey":"a","deviceName":"Cellar, left"}' },
        { line: 3, text: '{"deviceKey":"b"}' }
      ])
    })
  )

  it.effect("reads CSV of spreadsheets that write semicolons or tabs", () =>
    Effect.gen(function* () {
      for (const separator of [";", "\t"]) {
        const reader = new LineReader()
        yield* reader.read(["deviceKey", "deviceName"].join(separator))
        const { text } = (yield* reader.read(["a", "Hall"].join(separator)))!
        assert.deepStrictEqual(JSON.parse(text), { deviceKey: "a", deviceName: "Hall" })
      }
    })
  )

  it.live("says what is wrong with a file that is no list of devices, and the cure", () =>
    Effect.gen(function* () {
      const { asked, url } = yield* registry(() => ({ status: 200, body: '{"_tag":"Done","imported":0,"refused":0}' }))
      const folder = yield* temporaryDirectory
      const cases: ReadonlyArray<readonly [content: string | Uint8Array, told: RegExp]> = [
        ["", /devices: it is empty\n/],
        ["\uFEFF\r\n\n", /devices: it is empty\n/],
        ["deviceKey,deviceName\n", /a heading and no device/],
        ["device,name\na,Hall\n", /several columns and none is called deviceKey/],
        ['[\n{"deviceKey":"a"}\n]', /JSON array[^]*jq -c/],
        [gzipSync("a\n"), /gzip[^]*gunzip/],
        ["PK\u0003\u0004x", /zip[^]*CSV/],
        [Buffer.from("\uFEFFa\n", "utf16le"), /UTF-16[^]*iconv/],
        [Buffer.from("a\nb\n", "utf16le"), /UTF-16[^]*iconv/]
      ]
      for (const [content, told] of cases) {
        const file = join(folder, "devices")
        writeFileSync(file, content)
        const { code, text } = yield* run(url, ["import", "p", file])
        assert.deepStrictEqual([code, told.test(text)], [exitCodes.unusable.code, true], text)
      }
      assert.match((yield* run(url, ["import", "p", folder])).text, /it is a directory \(EISDIR\)/)
      assert.match(
        (yield* run(url, ["import", "p", "no-such"])).text,
        /there is no such file \(ENOENT\)[^]*the path starts in/
      )
      assert.match((yield* run(url, ["models", "create", "no-such"])).text, /there is no such file/)
      assert.lengthOf(asked, 0)
    }).pipe(Effect.scoped)
  )

  it.live("tells secrets, and refused lines by their number in the file", () =>
    Effect.gen(function* () {
      const { asked, url } = yield* registry(() => ({
        status: 200,
        body: [
          '{"_tag":"Imported","line":1,"assetId":"x","productKey":"p","deviceKey":"a","deviceSecret":"secret-of-a"}',
          '{"_tag":"Refused","line":2,"deviceKey":"b","reason":"the product has a device with this key"}',
          '{"_tag":"Done","imported":1,"refused":1}'
        ].join("\n")
      }))
      const file = join(yield* temporaryDirectory, "devices.txt")
      writeFileSync(file, "a\n\n\nb\n")
      const { code, out, told } = yield* run(url, ["import", "p", file])
      assert.strictEqual(code, exitCodes.saysNo.code)
      assert.strictEqual(asked[0]!.body, '{"deviceKey":"a"}\n{"deviceKey":"b"}\n')
      assert.include(out, "secret-of-a")
      assert.include(told, "line 4: b: the product has a device with this key")
      assert.include(told, "1 registered, 1 refused")
    }).pipe(Effect.scoped)
  )

  it.live("an answer that breaks off is no success", () =>
    Effect.gen(function* () {
      const { url } = yield* registry(() => ({ status: 200, body: "" }))
      const file = join(yield* temporaryDirectory, "devices.txt")
      writeFileSync(file, "a\n")
      assert.strictEqual((yield* run(url, ["import", "p", file])).code, exitCodes.noConnection.code)
    }).pipe(Effect.scoped)
  )
})
