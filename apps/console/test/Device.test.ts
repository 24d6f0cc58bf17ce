import { assert, describe, it } from "@effect/vitest"
import { replaceEqualDeep } from "@tanstack/react-query"
import { parseWritten } from "../src/api/Numeral.ts"
import { bytesOfHex, fieldValue } from "../src/device/commandFields.ts"
import { commandSpans, commandTimes } from "../src/device/commandTimes.ts"
import type { IssuedCommand, StoredUplink, ThingModel } from "../src/device/deviceQueries.ts"
import { askedFields, type CommandKind, draftCommand, namesOf } from "../src/device/draftCommand.ts"
import { hexDump } from "../src/device/hexDump.ts"
import { joinUplinks } from "../src/device/joinUplinks.ts"
import { reportedPoints, seriesOf, valueText, withLive } from "../src/device/points.ts"

const uplink = (params: unknown, time = 1_000) => ({ payload: { id: "1", params }, time })

describe("the points of an uplink", () => {
  it("are those of a post, a resume and a batch, with their own times where they have them (enos-protocol §3.1)", () => {
    assert.deepStrictEqual(reportedPoints(uplink({ measurepoints: { temp: 21.5 }, time: 5 })), [
      { id: "temp", at: 5, value: 21.5 }
    ])
    assert.deepStrictEqual(
      reportedPoints(
        uplink([{ measurepoints: { a: { value: 1, quality: 9 } }, time: "7" }, { measurepoints: { b: { x: 1 } } }])
      ),
      [
        { id: "a", at: 7, value: 1, quality: 9 },
        { id: "b", at: 1_000, value: { x: 1 } }
      ]
    )
    for (const payload of [undefined, null, 5, "x", [], { params: 7 }, { params: { measurepoints: [1] } }]) {
      assert.deepStrictEqual(reportedPoints({ payload, time: 1 }), [])
    }
  })

  it("make a course of numbers in the order of time, whatever order they came in", () => {
    const series = seriesOf([
      uplink({ measurepoints: { temp: 3, name: "x", on: true }, time: 30 }),
      uplink({ measurepoints: { temp: 1 }, time: 10 }),
      uplink({ measurepoints: { temp: 2 }, time: 20 })
    ])
    assert.deepStrictEqual(series.get("temp"), { times: [10, 20, 30], values: [1, 2, 3] })
    assert.deepStrictEqual(series.get("on"), { times: [30], values: [1] })
    assert.isUndefined(series.get("name"))
    assert.strictEqual(valueText({ a: [1] }), '{"a":[1]}')
  })
})

describe("the latest values with what came live", () => {
  const latest = { temp: { value: 20, time: 50 }, count: { value: 1, time: 50 } }

  it("are the newer ones by the device's time, also where they were read after something newer came", () => {
    const live = [
      uplink({ measurepoints: { temp: 23 }, time: 70 }),
      uplink({ measurepoints: { temp: 22, new: { value: 1, quality: 9 } }, time: 60 }),
      uplink({ measurepoints: { count: 7 }, time: 40 })
    ]
    assert.deepStrictEqual(withLive(latest, live), {
      temp: { value: 23, time: 70 },
      count: { value: 1, time: 50 },
      new: { value: 1, quality: 9, time: 60 }
    })
    assert.deepStrictEqual(withLive(latest, []), latest)
  })
})

describe("numbers", () => {
  const written = [
    "30.0",
    "-0",
    "1e400",
    "9007199254740993",
    "18446744073709551615",
    "0.1234567890123456789012345678901234567890"
  ]

  it("are shown, drawn and sent as they were written (trust E5)", () => {
    for (const numeral of written) {
      const text = `{"a":[{"b":${numeral}}],"c":1.5}`
      assert.strictEqual(valueText(parseWritten(text)), text)
      assert.deepStrictEqual(fieldValue({ dataType: "DOUBLE" }, numeral), { value: parseWritten(numeral) })
      // TanStack Query takes what is equal from the answer before.
      const shared = replaceEqualDeep(parseWritten('{"a":[{"b":1.0}],"c":1.5}'), parseWritten(text))
      assert.strictEqual(JSON.stringify(shared), text)
    }
    assert.strictEqual(
      JSON.stringify(fieldValue({ dataType: "INT" }, "9007199254740993")),
      '{"value":9007199254740993}'
    )
    const series = seriesOf([
      { payload: parseWritten('{"params":{"measurepoints":{"temp":30.0},"time":10}}'), time: 1 }
    ])
    assert.deepStrictEqual(series.get("temp"), { times: [10], values: [30] })
  })
})

describe("uplinks that come while the history is read", () => {
  it("are each there once, the newest first", () => {
    const of = (sequence: number) => ({ sequence }) as StoredUplink
    assert.deepStrictEqual(
      joinUplinks([of(9), of(8), of(7)], [of(8), of(7), of(3)]).map(({ sequence }) => sequence),
      [9, 8, 7, 3]
    )
  })
})

describe("the form of a command", () => {
  it("takes bytes in every way in which people write them, and no half ones", () => {
    for (const text of ["01ff", "01 FF", "0x01,0xff", "01:ff", "0x01ff"]) {
      assert.deepStrictEqual(bytesOfHex(text), Uint8Array.of(1, 255), text)
    }
    for (const text of ["", " ", "1", "01f", "0g", "hello"]) assert.isUndefined(bytesOfHex(text), text)
  })
})

describe("a command's bar", () => {
  const command = (times: Partial<IssuedCommand>) => ({ state: "created", createdAt: 1_000, ...times }) as IssuedCommand

  it("has a part for each wait that is known, and one for the wait that lasts", () => {
    const spans = commandSpans(command({ hintedAt: 4_000 }), 5_000)
    assert.deepStrictEqual(
      spans.map(({ from, millis, to }) => [from, to, millis]),
      [
        ["created", "hinted", 3_000],
        ["hinted", "now", 1_000]
      ]
    )
    assert.closeTo(
      spans.reduce((sum, { share }) => sum + share, 0),
      1,
      1e-9
    )
  })

  it("ends with the command, draws no wait of nothing, and lets quick ones be seen", () => {
    const times = {
      hintedAt: 3_601_000,
      fetchedAt: 3_601_010,
      sentAt: 3_601_010,
      repliedAt: 3_601_050,
      finishedAt: 3_601_050
    }
    const spans = commandSpans(command({ state: "succeeded", ...times }), 9_999_999)
    assert.deepStrictEqual(
      spans.map(({ from, to }) => [from, to]),
      [
        ["created", "hinted"],
        ["hinted", "fetched"],
        ["sent", "replied"]
      ]
    )
    for (const { share } of spans) assert.isAtLeast(share, 0.06)
    assert.deepStrictEqual(
      commandTimes(command({ finishedAt: 2_000 })).flatMap(({ at, step }) => (at === undefined ? [] : [step])),
      ["created", "finished"]
    )
  })
})

describe("a value of a form", () => {
  it("is what its type says, or told what is expected", () => {
    assert.deepStrictEqual(fieldValue({ dataType: "FLOAT" }, "30.5"), { value: 30.5 })
    assert.deepStrictEqual(fieldValue({ dataType: "FLOAT" }, "thirty"), { expected: "number" })
    assert.deepStrictEqual(fieldValue({ dataType: "INT" }, "30.5"), { expected: "integer" })
    assert.deepStrictEqual(fieldValue({ dataType: "ENUM", enumType: "INT", values: { "2": "two" } }, "2"), { value: 2 })
    assert.deepStrictEqual(fieldValue({ dataType: "STRING" }, "5"), { value: "5" })
    assert.deepStrictEqual(fieldValue({ dataType: "ARRAY", itemType: "INT" }, "[1"), { expected: "json" })
    assert.deepStrictEqual(fieldValue(undefined, "open"), { value: "open" })
    assert.deepStrictEqual(fieldValue(undefined, "30.5"), { value: 30.5 })
  })
})

describe("a command's form", () => {
  const model: ThingModel = {
    modelId: "meter",
    attributes: {},
    measurepoints: {
      limit: { data: { dataType: "INT" } },
      temp: { readOnly: true, data: { dataType: "FLOAT" } }
    },
    services: { reset: { inputData: { delay: { data: { dataType: "INT" } } }, outputData: {} } },
    events: {}
  }
  const words = {
    value: "Value",
    inputs: "Inputs",
    firmware: { version: "V", fileUrl: "U", fileSize: "S", sign: "D", signMethod: "M" }
  }
  const filled = (
    kind: CommandKind,
    identifier: string,
    values: Record<string, string>,
    of: ThingModel | null = model
  ) => draftCommand({ kind, identifier, model: of, values, asked: askedFields(kind, identifier, of, words) })

  it("names what the model lets a command of its kind name", () => {
    const namesBy = (kind: "set" | "get" | "service") => namesOf(kind, model).map(({ value }) => value)
    assert.deepStrictEqual(
      [namesBy("set"), namesBy("get"), namesBy("service")],
      [["limit"], ["limit", "temp"], ["reset"]]
    )
  })

  it("is the command that its fields mean; what may be left out and is empty is left out", () => {
    assert.deepStrictEqual(filled("set", "limit", { limit: "30" }).draft, {
      kind: "set",
      identifier: "limit",
      value: 30
    })
    assert.deepStrictEqual(filled("service", "reset", {}).draft, {
      kind: "service",
      identifier: "reset",
      inputData: {}
    })
    assert.deepStrictEqual(filled("service", "open", { value: '{"a":1}' }, null).draft, {
      kind: "service",
      identifier: "open",
      inputData: { a: 1 }
    })
    assert.deepStrictEqual(filled("raw", "", { bytes: "0a ff" }).draft, { kind: "raw", bytes: Uint8Array.of(10, 255) })
  })

  it("is no command while a field is not what it is expected to be, or nothing is named", () => {
    assert.deepStrictEqual(filled("set", "limit", { limit: "warm" }), { faults: { limit: "integer" } })
    assert.deepStrictEqual(filled("raw", "", { bytes: "0" }), { faults: { bytes: "hexadecimal" } })
    assert.deepStrictEqual(filled("upgrade", "", { version: "2", fileSize: "1" }).faults, {
      fileUrl: "text",
      sign: "text"
    })
    assert.deepStrictEqual(filled("get", "", {}, null), { faults: {} })
  })
})

it("raw bytes are shown with their offsets and their ASCII", () => {
  assert.strictEqual(hexDump(Uint8Array.of(0x41, 0x00)), `0000  41 00${" ".repeat(43)} A·`)
})
