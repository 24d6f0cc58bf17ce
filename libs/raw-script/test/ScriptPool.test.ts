import { readFileSync } from "node:fs"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import {
  type Conversion,
  type Direction,
  limitsMetMax,
  type Script,
  ScriptPool,
  suspendedMillis,
  waitingPerProductMax
} from "../src/index.ts"

let pool: ScriptPool
let now = 0
beforeAll(() => {
  pool = new ScriptPool({ now: () => now })
})
afterAll(() => pool.close())

let versions = 0
const script = (source: string, productKey = `pk${versions}`): Script => ({ productKey, version: ++versions, source })
const convert = (of: Script, direction: Direction, input: Uint8Array): Promise<Conversion> =>
  new Promise((resume) => pool.convert(of, direction, input, resume))
const check = (of: Script): Promise<Conversion> => new Promise((resume) => pool.check(of, resume))
const bytes = (text: string) => new TextEncoder().encode(text)
const textOf = (conversion: Conversion): string =>
  conversion._tag === "Converted"
    ? new TextDecoder().decode(conversion.bytes)
    : `${conversion.reason}: ${conversion.message}`
const hexOf = (conversion: Conversion): string =>
  conversion._tag === "Converted" ? conversion.bytes.toHex() : `${conversion.reason}: ${conversion.message}`
const both = (up: string, down = "return [1]") =>
  `function rawDataToJsonStr(raw) { ${up} }\nfunction jsonStrToRawData(text) { ${down} }`

describe("the vectors of enos-protocol §5", () => {
  const sample = script(
    readFileSync(new URL("../../../examples/raw-script/meter.js", import.meta.url), "utf8"),
    "sample"
  )
  const post =
    "0100000014010004000025f502000a6162636465666768696a0300083ff23d70a3d70a3d0400140000000100000003000000050000000700000009050005000001a703"

  it("up: a post of five points with a quality", async () => {
    const told = JSON.parse(textOf(await convert(sample, "up", Uint8Array.fromHex(post))))
    assert.closeTo(told.params.time, Date.now(), 60_000)
    delete told.params.time
    assert.deepStrictEqual(told, {
      id: "20",
      method: "thing.measurepoint.post",
      version: "1.0",
      params: {
        measurepoints: {
          mp_int: 9717,
          mp_string: "abcdefghij",
          mp_double: 1.14,
          mp_array: [1, 3, 5, 7, 9],
          mp_int_quality: { value: 423, quality: 3 }
        }
      }
    })
  })

  it("down: the reply to a post, a service, a set", async () => {
    const reply = await convert(sample, "down", bytes(`{"id":20,"code":200,"data":""}`))
    assert.strictEqual(hexOf(reply), "0000001400c8")
    const service = { id: "1234", version: "1.0", method: "thing.service.service1", params: { input_int: 12 } }
    assert.strictEqual(hexOf(await convert(sample, "down", bytes(JSON.stringify(service)))), "11000004d20000000c")
    const set = { id: "20", version: "1.0", method: "thing.service.measurepoint.set", params: { mp_int: 9717 } }
    assert.strictEqual(hexOf(await convert(sample, "down", bytes(JSON.stringify(set)))), "0200000014010004000025f5")
  })

  it("up: the replies to a set and to a service", async () => {
    const set = JSON.parse(textOf(await convert(sample, "up", Uint8Array.fromHex("020000001400c8"))))
    assert.deepInclude(set, { id: "20", code: "0" })
    const service = JSON.parse(textOf(await convert(sample, "up", Uint8Array.fromHex("11000004d2c80000000e"))))
    assert.deepStrictEqual(service, { id: "1234", code: "200", data: { output_int: 14 } })
  })
})

describe("a script", () => {
  it("that is none is told so, with the place", async () => {
    assert.match(textOf(await check(script("function ("))), /^NotLoaded: SyntaxError.*script\.js:1/)
    assert.match(textOf(await check(script("throw new Error('no table')"))), /^NotLoaded: Error: no table/)
    assert.match(textOf(await check(script("function rawDataToJsonStr() {}"))), /^NotDefined: .*jsonStrToRawData/)
    assert.strictEqual((await check(script(both("return '{}'"))))._tag, "Converted")
  })

  it("that throws, or gives nothing, or something else, fails with the reason", async () => {
    const failing = script(both("throw new TypeError('no such point')", "return 5"))
    assert.match(
      textOf(await convert(failing, "up", Uint8Array.of(1))),
      /^Threw: TypeError: no such point script\.js:1/
    )
    assert.match(textOf(await convert(failing, "down", bytes("{}"))), /^BadResult/)
    const empty = script(both("return ''", "return []"))
    assert.match(textOf(await convert(empty, "up", Uint8Array.of(1))), /^BadResult: .*empty/)
    assert.match(textOf(await convert(empty, "down", bytes("{}"))), /^BadResult: .*no bytes/)
    for (const result of ["[256]", "[1.5]", "['x']", "new Array(70000).fill(0)"]) {
      assert.match(
        textOf(await convert(script(both("return '{}'", `return ${result}`)), "down", bytes("{}"))),
        /^BadResult/
      )
    }
  })

  it("may give bytes as signed or unsigned numbers, or in a typed array", async () => {
    for (const result of ["[-1, 255, 0]", "new Uint8Array([255, 255, 0])", "new Int8Array([-1, -1, 0])"]) {
      const made = script(both("return '{}'", `return ${result}`))
      assert.strictEqual(hexOf(await convert(made, "down", bytes("{}"))), "ffff00", result)
    }
  })

  it("has nothing of the machine: no require, no process, no network, no timers", async () => {
    const names = [
      "require",
      "process",
      "fetch",
      "setTimeout",
      "globalThis.std",
      "globalThis.os",
      "WebAssembly",
      "Worker"
    ]
    const probe = script(both(`return JSON.stringify([${names.map((name) => `typeof ${name}`).join()}])`))
    assert.deepStrictEqual(
      JSON.parse(textOf(await convert(probe, "up", Uint8Array.of(1)))),
      names.map(() => "undefined")
    )
  })

  it("of a product that was deleted and made anew is the new one, though versions begin with 1 again", async () => {
    const first = { productKey: "anew", version: 1, source: both("return 'former'") }
    assert.strictEqual(textOf(await convert(first, "up", Uint8Array.of(1))), "former")
    const second = { ...first, source: both("return 'new'") }
    assert.strictEqual(textOf(await convert(second, "up", Uint8Array.of(1))), "new")
  })

  it("of another product, or of another version, is another world", async () => {
    const first = script(both("globalThis.count = (globalThis.count ?? 0) + 1; return String(count)"))
    assert.strictEqual(textOf(await convert(first, "up", Uint8Array.of(1))), "1")
    assert.strictEqual(textOf(await convert(script(first.source), "up", Uint8Array.of(1))), "1")
  })
})

describe("a hostile script costs its product, and nobody else", () => {
  it("loops and memory bombs end at their limits, and the script goes on with the next input", async () => {
    const hostile = script(
      both(
        "if (raw[0] === 1) while (true) {}; if (raw[0] === 2) { const all = []; for (;;) all.push({}) }; " +
          "if (raw[0] === 4) for (;;) new Array(100000).fill(1); if (raw[0] === 3) return rawDataToJsonStr(raw); return 'fine'"
      )
    )
    assert.match(textOf(await convert(hostile, "up", Uint8Array.of(1))), /^TimeLimit/)
    assert.strictEqual(textOf(await convert(hostile, "up", Uint8Array.of(0))), "fine")
    assert.match(textOf(await convert(hostile, "up", Uint8Array.of(2))), /^MemoryLimit/)
    assert.strictEqual(textOf(await convert(hostile, "up", Uint8Array.of(0))), "fine")
    assert.match(textOf(await convert(hostile, "up", Uint8Array.of(4))), /^TimeLimit: .* ms/)
    assert.match(textOf(await convert(hostile, "up", Uint8Array.of(0))), /^Suspended/)
    now += suspendedMillis
    assert.strictEqual(textOf(await convert(hostile, "up", Uint8Array.of(0))), "fine")
    assert.match(textOf(await convert(hostile, "up", Uint8Array.of(3))), /^Threw: .*stack/i)
    assert.strictEqual(textOf(await convert(hostile, "up", Uint8Array.of(0))), "fine")
  })

  it("others take their turns while it loops, its own queue is bounded, and it is suspended for a while", async () => {
    const hostile = script(both("while (true) {}"))
    const good = script(both("return String(raw.length)"))
    const bad = Array.from({ length: waitingPerProductMax + 10 }, () =>
      convert(hostile, "up", Uint8Array.of(1)).then(textOf)
    )
    const fine = Array.from({ length: 20 }, () => convert(good, "up", Uint8Array.of(1, 2)).then(textOf))
    assert.deepStrictEqual(new Set(await Promise.all(fine)), new Set(["2"]))
    const reasons = (await Promise.all(bad)).map((text) => text.split(":")[0])
    const count = (reason: string) => reasons.filter((given) => given === reason).length
    assert.strictEqual(count("TimeLimit"), limitsMetMax)
    assert.isAtLeast(count("Busy"), 9)
    assert.strictEqual(count("TimeLimit") + count("Busy") + count("Suspended"), bad.length)
    assert.match(textOf(await convert(hostile, "up", Uint8Array.of(1))), /^Suspended/)
    now += suspendedMillis
    assert.match(textOf(await convert(hostile, "up", Uint8Array.of(1))), /^TimeLimit/)
  })
})

describe("a script that maps events", () => {
  it("gives JSON, null for nothing, and needs no function but map", async () => {
    const mapping = script(`const map = (event) => (event.skip ? undefined : { n: event.n + 1 })`, "sink s")
    assert.strictEqual(textOf(await convert(mapping, "map", bytes(`{"n":1}`))), `{"n":2}`)
    assert.strictEqual(textOf(await convert(mapping, "map", bytes(`{"skip":true}`))), "null")
    const without = script("const other = 1", "sink t")
    const checked = await new Promise<Conversion>((resume) => pool.check(without, resume, "map"))
    assert.strictEqual(textOf(checked), "NotDefined: the script defines no function map")
  })
})
