import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { compileThingModel, formatRefusal, meantBy, modelElementsMax, parseJson, ThingModel } from "../src/index.ts"
import { meter, meterModel } from "./support/meterModel.ts"

const decode = Schema.decodeUnknownResult(ThingModel)
const empty = { modelId: "m", attributes: {}, measurepoints: {}, services: {}, events: {} }
const isModel = (fields: object) => Result.isSuccess(decode({ ...empty, ...fields }))
const accepts = (point: string, value: unknown) => meter.checkMeasurepoint(point, value) === undefined

/** enos-protocol §6, a row per data type. */
const types: ReadonlyArray<readonly [type: string, point: string, right: Array<unknown>, wrong: Array<unknown>]> = [
  ["INT", "int", [0, -0, 2147483647, -2147483648, "12", "-1"], [2147483648, -2147483649, 1.5, "x", "", null, true, []]],
  ["FLOAT", "float", [0, 3.4e38, -3.4e38, "1.02", 1e-50], [3.5e38, Infinity, NaN, "1,5", "0x10", " 1", null, {}]],
  ["DOUBLE", "double", [0, 1.7e308, "1e300", "-7.93"], [Infinity, "1e999", "Infinity", "NaN", false, "9".repeat(33)]],
  ["BOOL", "bool", [true, false, 0, 1], [2, "true", "1", null, -1]],
  ["ENUM of integers", "intEnum", [1, -2, "1"], [2, 1.5, "open", null, NaN]],
  ["ENUM of strings", "textEnum", ["open", "shut"], ["", "OPEN", 1, null, "toString", "__proto__"]],
  ["STRING", "string", ["a", "12345678", "äöüß", "😀😀"], ["", "123456789", "äöüßa", "😀😀a", 1, null]],
  ["STRING without a bound", "longString", ["a".repeat(1024), "€".repeat(341)], ["a".repeat(1025), "€".repeat(342)]],
  ["TIMESTAMP", "timestamp", [0, 1, 1795476031270, "1795476031270"], [-1, 1.5, "-1", "1.0", "", 2 ** 53, null]],
  [
    "DATE",
    "date",
    ["2019-05-06", "2024-02-29", "2000-02-29", "2019-12-31", "2019-05-06 23:59:59"],
    [
      "2019-02-29",
      "1900-02-29",
      "2019-04-31",
      "2019-13-01",
      "2019-00-01",
      "2019-01-00",
      "2019-05-06 24:00:00",
      "2019-05-06T01:00:00",
      0
    ]
  ],
  ["FILE", "file", ["local://a.bin", "enos-connect://x"], ["a.bin", "local:", "a b://c", "x:" + "a".repeat(1023), 1]],
  [
    "ARRAY",
    "array",
    [[], [1, 2.5], ["1.02", "2.02", "7.93"], Array.from({ length: 128 }, () => 1)],
    [[1, null], ["x"], {}, "1", Array.from({ length: 129 }, () => 1), [[1]]]
  ],
  [
    "STRUCT",
    "struct",
    [{ x: 1 }, { x: 1, label: "a" }],
    [{}, { label: "a" }, { x: "y" }, { x: 1, z: 1 }, [], null, JSON.parse(`{"x":1,"__proto__":1}`)]
  ],
  [
    "quality",
    "quality",
    [1.5, { value: 1, quality: 0 }, { value: 1, quality: 9 }, { value: 1 }],
    [{ value: 1, quality: 10 }, { value: 1, quality: -1 }, { value: 1, quality: 1.5 }, { quality: 1 }, { value: "x" }]
  ]
]

describe("thing model, values (enos-protocol §6)", () => {
  for (const [type, point, right, wrong] of types) {
    it(`${type} takes what it should and nothing else`, () => {
      for (const value of right) assert.isTrue(accepts(point, value), JSON.stringify(value)?.slice(0, 60))
      for (const value of wrong) assert.isFalse(accepts(point, value), JSON.stringify(value)?.slice(0, 60))
    })
  }

  it("a point without hasQuality takes no quality", () => {
    assert.isFalse(accepts("double", { value: 1, quality: 9 }))
  })

  it("takes the sample post of the protocol's documentation", () => {
    const model = compileThingModel({
      ...meterModel,
      measurepoints: {
        Power: { hasQuality: true, data: { dataType: "DOUBLE" } },
        temp: { data: { dataType: "FLOAT" } },
        branchCurr: { data: { dataType: "ARRAY", itemType: "FLOAT" } }
      }
    })
    const points = { Power: { value: 1.0, quality: 9 }, temp: 1.02, branchCurr: ["1.02", "2.02", "7.93"] }
    assert.isUndefined(model.checkMeasurepoints(points))
  })

  it("1204 names the field inside a struct, an array and a quality", () => {
    const field = (points: object) => meter.checkMeasurepoints(points)?.field
    assert.strictEqual(field({ int: 1, struct: { x: "y" } }), "measurepoints.struct.x")
    assert.strictEqual(field({ array: [1, "x"] }), "measurepoints.array[1]")
    assert.strictEqual(field({ quality: { value: 1, quality: 11 } }), "measurepoints.quality.quality")
    assert.deepStrictEqual(meter.checkMeasurepoints({ int: "hot" }), {
      code: 1204,
      field: "measurepoints.int",
      expected: "a 32-bit integer",
      got: `"hot"`
    })
  })

  it("1204 refuses an identifier that the model does not have, unless the model passes them through", () => {
    const refused = meter.checkMeasurepoints({ int: 1, other: 1 })
    assert.strictEqual(refused?.code, 1204)
    assert.strictEqual(refused?.field, "measurepoints.other")
    assert.isUndefined(meantBy(refused!))
    assert.strictEqual(meantBy(meter.checkMeasurepoints({ strcut: {} })!), "struct")
    assert.strictEqual(meantBy(meter.checkMeasurepoints({ quality: { vaule: 1 } })!), "value")
    const open = compileThingModel({ ...meterModel, passthrough: true })
    assert.isUndefined(open.checkMeasurepoints({ int: 1, other: { any: [] } }))
    assert.strictEqual(open.checkMeasurepoints({ int: "x", other: 1 })?.field, "measurepoints.int")
  })

  it("names of Object's prototype are identifiers like any other", () => {
    for (const id of ["constructor", "toString", "hasOwnProperty"]) {
      assert.strictEqual(meter.checkMeasurepoints({ [id]: 1 })?.code, 1204)
    }
    assert.strictEqual(meter.checkMeasurepoints(JSON.parse(`{"__proto__":1}`))?.code, 1204)
  })

  it("what an operator reads of a hostile value is short", () => {
    const refused = meter.checkMeasurepoints({ ["x".repeat(60_000)]: 1 })
    assert.isBelow(formatRefusal(refused!).length, 200)
    assert.isBelow(formatRefusal(meter.checkMeasurepoints({ int: "x".repeat(60_000) })!).length, 200)
  })
})

describe("thing model, elements (enos-protocol §6)", () => {
  it("an event needs its required output and nothing unknown", () => {
    assert.isUndefined(meter.checkEvent("overheat", { temp: 90 }))
    assert.strictEqual(meter.checkEvent("overheat", {})?.field, "events.overheat.temp")
    assert.strictEqual(meter.checkEvent("overheat", { temp: 1, x: 1 })?.field, "events.overheat.x")
    assert.strictEqual(meter.checkEvent("burglary", {})?.field, "events.burglary")
  })

  it("attributes are updated in any subset; a required one can't be deleted", () => {
    assert.isUndefined(meter.checkAttributes({ installed: "2026-01-01" }))
    assert.strictEqual(meter.checkAttributes({ serial: 1 })?.field, "attributes.serial")
    assert.isUndefined(meter.checkAttributeDelete(["installed"]))
    assert.strictEqual(meter.checkAttributeDelete(["installed", "serial"])?.field, "attributes.serial")
    assert.strictEqual(meter.checkAttributeDelete(["nope"])?.code, 1204)
  })

  it("a service checks what goes in and what comes out", () => {
    assert.isUndefined(meter.checkServiceInput("setValve", { position: 3 }))
    assert.strictEqual(meter.checkServiceInput("setValve", { slowly: true })?.field, "services.setValve.position")
    assert.isUndefined(meter.checkServiceOutput("setValve", {}))
    assert.strictEqual(meter.checkServiceOutput("setValve", { reached: "far" })?.code, 1204)
    assert.strictEqual(meter.checkServiceInput("nope", {})?.field, "services.nope")
  })

  it("a command sets values, not qualities", () => {
    assert.isUndefined(meter.checkMeasurepointSet({ quality: 1 }))
    assert.strictEqual(meter.checkMeasurepointSet({ quality: { value: 1, quality: 9 } })?.code, 1204)
  })
})

describe("thing model, schema", () => {
  it("refuses a struct in a struct, a quality on text, reserved names and empty enums", () => {
    const point = (data: object, more = {}) => ({ measurepoints: { p: { data, ...more } } })
    assert.isTrue(isModel(point({ dataType: "INT" })))
    const inner = { dataType: "STRUCT", items: { a: { data: { dataType: "INT" } } } }
    assert.isTrue(isModel(point(inner)))
    assert.isFalse(isModel(point({ dataType: "STRUCT", items: { b: { data: inner } } })))
    assert.isTrue(isModel(point({ dataType: "INT" }, { hasQuality: true })))
    assert.isFalse(isModel(point({ dataType: "STRING" }, { hasQuality: true })))
    assert.isFalse(isModel(point({ dataType: "ENUM", enumType: "INT", values: {} })))
    assert.isFalse(isModel(point({ dataType: "ENUM", enumType: "INT", values: { one: "" } })))
    assert.isFalse(isModel(point({ dataType: "ENUM", enumType: "STRING", values: { ["x".repeat(33)]: "" } })))
    assert.isFalse(isModel(point({ dataType: "STRING", maxLength: 1025 })))
    assert.isFalse(isModel(point({ dataType: "ARRAY", itemType: "BOOL" })))
    assert.isFalse(isModel(point({ dataType: "MATRIX" })))
    const service = { inputData: {}, outputData: {} }
    assert.isTrue(isModel({ services: { reboot: service } }))
    assert.isFalse(isModel({ services: { measurepoint: service } }))
    assert.isFalse(isModel({ services: { reboot_reply: service } }))
  })

  it(`holds at most ${modelElementsMax} elements`, () => {
    const points = (count: number) => ({
      measurepoints: Object.fromEntries(
        Array.from({ length: count }, (_, i) => [`p${i}`, { data: { dataType: "INT" } }])
      )
    })
    assert.isTrue(isModel(points(modelElementsMax)))
    assert.isFalse(isModel(points(modelElementsMax + 1)))
  })

  it("refuses an identifier that is none instead of dropping it", () => {
    const data = { dataType: "INT" }
    for (const id of ["", "a b", ".a", "-a", "ä", "a/b", "x".repeat(129)]) {
      assert.isFalse(isModel({ measurepoints: { good: { data }, [id]: { data } } }), id)
      assert.isFalse(isModel({ attributes: { good: { data }, [id]: { data } } }), id)
      const items = { good: { data }, [id]: { data } }
      assert.isFalse(isModel({ measurepoints: { p: { data: { dataType: "STRUCT", items } } } }), id)
    }
    assert.isFalse(isModel({ measurepoints: JSON.parse(`{"__proto__":{"data":{"dataType":"INT"}}}`) }))
  })

  const AnyPoints = Schema.Array(
    Schema.Struct({
      dataType: Schema.Literals(["INT", "FLOAT", "DOUBLE", "BOOL", "STRING", "TIMESTAMP", "DATE", "FILE"]),
      passthrough: Schema.Boolean
    })
  )
  it.prop("every model survives JSON, compiles, and knows its own points only", [AnyPoints], ([points]) => {
    const passthrough = points[0]?.passthrough === true
    const measurepoints = Object.fromEntries(points.map(({ dataType }, i) => [`p${i}`, { data: { dataType } }]))
    const model = Result.getOrThrow(decode({ ...empty, passthrough, measurepoints }))
    const again = Result.getOrThrow(decode(JSON.parse(JSON.stringify(Schema.encodeSync(ThingModel)(model)))))
    assert.deepStrictEqual(again, model)
    const compiled = compileThingModel(again)
    for (const id of Object.keys(measurepoints)) {
      assert.strictEqual(compiled.checkMeasurepoint(id, null)?.field, `measurepoints.${id}`)
    }
    assert.strictEqual(compiled.checkMeasurepoint(`p${points.length}`, 1)?.code, passthrough ? undefined : 1204)
  })

  it.prop("any value of any point is accepted or refused by name, never thrown at", [Schema.Json], ([value]) => {
    for (const [, point] of types) {
      const refused = meter.checkMeasurepoint(point, value)
      if (refused !== undefined) assert.isTrue(refused.field.startsWith(`measurepoints.${point}`))
    }
  })

  it.prop("INT is exactly the integers that 32 bits hold", [Schema.Finite], ([value]) => {
    assert.strictEqual(accepts("int", value), Number.isInteger(value) && Math.abs(value + 0.5) < 2 ** 31)
    assert.strictEqual(accepts("int", Math.trunc(value) | 0), true)
  })

  it.prop("STRING counts UTF-8 bytes", [Schema.String], ([value]) => {
    const bytes = new TextEncoder().encode(value.toWellFormed()).length
    assert.strictEqual(accepts("string", value.toWellFormed()), bytes >= 1 && bytes <= 8)
  })
})

describe("limits hold for the value that was written", () => {
  for (const [point, right, wrong] of [
    ["int", ["1.0", "1e3", "-0", "2147483647.0"], ["2147483647.00000000000000000001", "2147483648.0", "1e400", "1.50"]],
    [
      "float",
      ["1.0", "1e-400", "340282346638528859811704183484516925440"],
      ["340282346638528859811704183484516925441", "1e39"]
    ],
    [
      "double",
      ["9007199254740993", "1.0", "1e-400", `${BigInt(Number.MAX_VALUE)}`],
      [`${BigInt(Number.MAX_VALUE) + 1n}`, "1e400", "-1e309"]
    ],
    ["bool", ["0.0", "1.0", "-0"], ["1.00000000000000000000001", "2.0"]],
    ["intEnum", ["1.0", "-20e-1"], ["1.50", "1.00000000000000000000001"]],
    ["timestamp", ["1795476031270.0", "0.0"], ["9007199254740993", "1.50", "-1.0"]]
  ] as const) {
    it(`${point} (trust E5)`, () => {
      for (const text of right) assert.isTrue(accepts(point, parseJson(text)), text)
      for (const text of wrong) assert.isFalse(accepts(point, parseJson(text)), text)
    })
  }

  it("and are told with its text (trust E5)", () => {
    const refused = meter.checkMeasurepoint("int", parseJson("9007199254740993.0"))
    assert.include(formatRefusal(refused!), "measurepoints.int: expected a 32-bit integer, got 9007199254740993.0")
  })
})
