import { assert, describe, it } from "@effect/vitest"
import { parseJson } from "@roost/enos"
import { Effect } from "effect"
import { momentBefore, durationSeconds } from "../src/api/Times.ts"
import { jsonOrText, pairOf } from "../src/api/Texts.ts"
import { cellOf, zoneOf } from "../src/output/Cells.ts"
import { csvOf } from "../src/output/Csv.ts"
import { jsonOf, yamlOf } from "../src/output/Documents.ts"
import { listWriter } from "../src/output/print.ts"
import { type Format, Output, Printer, takesColours } from "../src/output/Printer.ts"
import { Table, widthOf } from "../src/output/Table.ts"

const written = '{\n  "a": 30.50,\n  "b": 9223372036854775808,\n  "c": -0,\n  "d": "1.0"\n}'

const list = { items: "things", key: ["product", "name"], columns: ["name", "value"] }

/** The output of a list of these pages. */
const listed = (
  format: Format,
  pages: ReadonlyArray<ReadonlyArray<unknown>>,
  quiet = false,
  next?: string,
  fields?: ReadonlyArray<string>
) =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const out = (line: string) => Effect.sync(() => void lines.push(line))
    yield* Effect.gen(function* () {
      const writer = yield* listWriter({ ...list, fields }, quiet)
      for (const page of pages) yield* writer.page(page)
      yield* writer.end(next)
    }).pipe(
      Effect.provideService(Output, format),
      Effect.provideService(Printer, { out, tell: () => Effect.void, columns: undefined, colours: false })
    )
    return lines.join("\n")
  })

const things = [[{ product: "p", name: "a", value: parseJson("1.0") }], [{ product: "p", name: "b", value: 2 }]]

describe("what is printed", () => {
  it("JSON and YAML have numbers as they were written", () => {
    assert.strictEqual(jsonOf(parseJson(written)), written)
    assert.strictEqual(yamlOf(parseJson(written)), 'a: 30.50\nb: 9223372036854775808\nc: -0\nd: "1.0"')
  })

  it.effect("pages of a list make one document of JSON", () =>
    Effect.gen(function* () {
      const text = yield* listed("json", things)
      assert.deepStrictEqual(JSON.parse(text), {
        things: [
          { product: "p", name: "a", value: 1 },
          { product: "p", name: "b", value: 2 }
        ]
      })
      assert.include(text, '"value": 1.0')
      assert.deepStrictEqual(JSON.parse(yield* listed("json", [])), { things: [] })
      assert.deepStrictEqual(JSON.parse(yield* listed("json", [[{ name: "a" }]], false, "c1")), {
        things: [{ name: "a" }],
        nextCursor: "c1"
      })
    })
  )

  it.effect("YAML, a table and keys alone have the same items", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        yield* listed("yaml", things),
        "things:\n  - product: p\n    name: a\n    value: 1.0\n  - product: p\n    name: b\n    value: 2"
      )
      assert.strictEqual(yield* listed("table", things), "NAME  VALUE\na     1.0\nb     2")
      assert.strictEqual(yield* listed("table", things, true), "p/a\np/b")
    })
  )

  it.effect("CSV has all fields under one heading, times in UTC, whatever a value holds", () =>
    Effect.gen(function* () {
      const page = [
        { name: 'a "b", c', at: 1_795_476_031_270, value: parseJson("30.50"), more: { x: 1 } },
        { name: "d" }
      ]
      assert.strictEqual(
        yield* listed("csv", [page], false, undefined, ["name", "at", "value", "more"]),
        'name,at,value,more\n"a ""b"", c",2026-11-23T23:20:31.270Z,30.50,"{""x"":1}"\nd,,,'
      )
      assert.strictEqual(yield* listed("csv", []), "name,value")
      assert.deepStrictEqual(csvOf({ productKey: "p", tags: ["x", "y"] }), ["productKey,tags", 'p,"[""x"",""y""]"'])
      assert.deepStrictEqual(csvOf({ temp: { value: 1 }, limit: { value: 2, time: 5 } }), [
        "name,value,time",
        "temp,1,",
        "limit,2,5"
      ])
      assert.deepStrictEqual(csvOf({ verdict: "v", findings: [{ code: "c" }] }), ["code", "c"])
    })
  )

  it("a cell shows no control characters, and times in the reader's zone", () => {
    assert.strictEqual(cellOf("identity", "a\u001b[31m\n\u0000"), "a\\x1b[31m\\n\\x00")
    const time = cellOf("createdAt", 1_795_476_031_270)
    assert.match(time, /^2026-11-2\d \d\d:\d\d:31[+-]\d\d(:\d\d)?$/)
    assert.deepStrictEqual([0, 480, -210, 345].map(zoneOf), ["+00", "+08", "-03:30", "+05:45"])
    assert.strictEqual(cellOf("fileSize", 1_795_476_031_270), "1795476031270")
  })

  it("a table is straight with wide characters, and its last column ends with the terminal", () => {
    assert.strictEqual(widthOf("温度"), 4)
    const lines = new Table(["A", "B"], { columns: 20, colours: false }).linesOf([
      ["温度", "x".repeat(40)],
      ["t", "y"]
    ])
    assert.deepStrictEqual(lines, ["A     B", `温度  ${"x".repeat(13)}…`, "t     y"])
  })

  it("colours are for terminals, unless NO_COLOR or FORCE_COLOR says otherwise", () => {
    assert.isFalse(takesColours(false, {}))
    assert.isTrue(takesColours(true, {}))
    assert.isFalse(takesColours(true, { NO_COLOR: "1" }))
    assert.isFalse(takesColours(true, { TERM: "dumb" }))
    assert.isTrue(takesColours(false, { FORCE_COLOR: "1" }))
  })
})

describe("what is typed", () => {
  it.effect("a value is JSON as it was written, or else a text", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* pairOf("limit=30.5"), ["limit", 30.5])
      assert.strictEqual(JSON.stringify((yield* pairOf("n=9223372036854775808"))[1]), "9223372036854775808")
      assert.deepStrictEqual(yield* pairOf("mode=auto"), ["mode", "auto"])
      assert.deepStrictEqual(yield* pairOf('mode="1"'), ["mode", "1"])
      assert.deepStrictEqual(yield* pairOf("floor=3", { type: "string" }), ["floor", "3"])
      assert.deepStrictEqual(yield* pairOf("a=b=c"), ["a", "b=c"])
      assert.strictEqual((yield* Effect.flip(pairOf("limit"))).outcome, "unusable")
      assert.deepStrictEqual(jsonOrText("01"), "01")
    })
  )

  it("durations have units, and times may be how long ago", () => {
    assert.strictEqual(durationSeconds("90"), 90)
    assert.strictEqual(durationSeconds("10m"), 600)
    assert.strictEqual(durationSeconds("2d"), 172_800)
    assert.throws(() => durationSeconds("1.5h"), /expected seconds/)
    assert.strictEqual(momentBefore("24h", 100_000_000), 13_600_000)
    assert.strictEqual(momentBefore("1795476031270", 0), 1_795_476_031_270)
    assert.strictEqual(momentBefore("2026-11-30T08:00Z", 0), Date.UTC(2026, 10, 30, 8))
    assert.throws(() => momentBefore("yesterday", 0), /expected milliseconds/)
  })
})
