import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { batchLengthMax, checkUplinkParams, entriesPerMessageMax, type UplinkContext } from "../src/index.ts"
import { meter } from "./support/meterModel.ts"

const bare: UplinkContext = { productKey: "pk1", deviceKey: "dev1", model: undefined }
const metered: UplinkContext = { ...bare, model: meter }
const code = (method: string, params: unknown, context = bare) =>
  checkUplinkParams(method, params, context)?.code ?? 200

const cases: ReadonlyArray<readonly [method: string, params: unknown, withoutModel: number, withMeter: number]> = [
  ["thing.measurepoint.post", { measurepoints: { int: 1 }, time: 1 }, 200, 200],
  ["thing.measurepoint.post", { measurepoints: { int: 1 } }, 200, 200],
  ["thing.measurepoint.post", { measurepoints: { int: "x" } }, 200, 1204],
  ["thing.measurepoint.post", { measurepoints: { other: 1 } }, 200, 1204],
  ["thing.measurepoint.post", {}, 1206, 1206],
  ["thing.measurepoint.post", [], 1206, 1206],
  ["thing.measurepoint.post", { measurepoints: [] }, 1206, 1206],
  ["thing.measurepoint.post", { measurepoints: {}, time: "1" }, 1206, 1206],
  ["thing.measurepoint.post", { measurepoints: {}, time: -1 }, 1206, 1206],
  ["thing.measurepoint.post", { measurepoints: {}, time: 1.5 }, 1206, 1206],
  ["thing.measurepoint.resume", { measurepoints: { int: 1 }, time: 1 }, 200, 200],
  ["thing.measurepoint.resume", { measurepoints: { int: 0.5 } }, 200, 1204],
  ["thing.measurepoint.post.batch", [{ measurepoints: { int: 1 } }], 200, 200],
  ["thing.measurepoint.post.batch", [{ productKey: "pk1", deviceKey: "dev1", measurepoints: {} }], 200, 200],
  ["thing.measurepoint.post.batch", [{ measurepoints: { int: 1 } }, { measurepoints: { int: "x" } }], 200, 1204],
  ["thing.measurepoint.post.batch", [{ deviceKey: "dev2", measurepoints: {} }], 1212, 1212],
  ["thing.measurepoint.post.batch", [{ productKey: "pk2", measurepoints: {} }], 1212, 1212],
  ["thing.measurepoint.post.batch", [], 1206, 1206],
  ["thing.measurepoint.post.batch", {}, 1206, 1206],
  ["thing.measurepoint.post.batch", [1], 1206, 1206],
  ["thing.measurepoint.resume.batch", [{ measurepoints: { int: 1 }, time: 5 }], 200, 200],
  ["thing.measurepoint.resume.batch", [{ deviceKey: "dev2", measurepoints: {} }], 1212, 1212],
  ["thing.event.overheat.post", { events: { temp: 90 }, time: 1 }, 200, 200],
  ["thing.event.overheat.post", { events: {} }, 200, 1204],
  ["thing.event.burglary.post", { events: {} }, 200, 1204],
  ["thing.event.overheat.post", {}, 1200, 1200],
  ["thing.event.overheat.post", { events: {}, time: null }, 1200, 1200],
  ["thing.attribute.update", { attributes: { serial: "a" } }, 200, 200],
  ["thing.attribute.update", { attributes: { serial: 1 } }, 200, 1204],
  ["thing.attribute.update", { attributes: ["serial"] }, 1207, 1207],
  ["thing.attribute.update", {}, 1207, 1207],
  ["thing.attribute.query", { attributes: ["serial"] }, 200, 200],
  ["thing.attribute.query", { attributes: [] }, 200, 200],
  ["thing.attribute.query", { attributes: "serial" }, 1208, 1208],
  ["thing.attribute.query", { attributes: [1] }, 1208, 1208],
  ["thing.attribute.delete", { attributes: ["installed"] }, 200, 200],
  ["thing.attribute.delete", { attributes: ["serial"] }, 200, 1204],
  ["thing.attribute.delete", {}, 1209, 1209],
  ["thing.tag.update", [{ tagKey: "Temperature", tagValue: "36.8" }], 200, 200],
  ["thing.tag.update", [{ tagKey: "1st", tagValue: "a" }], 1200, 1200],
  ["thing.tag.update", [{ tagKey: "a".repeat(101), tagValue: "a" }], 1200, 1200],
  ["thing.tag.update", [{ tagKey: "a", tagValue: 1 }], 1200, 1200],
  ["thing.tag.update", [{ tagKey: "a", tagValue: "v".repeat(201) }], 1200, 1200],
  ["thing.tag.update", {}, 1200, 1200],
  ["thing.tag.query", { tags: [] }, 200, 200],
  ["thing.tag.query", {}, 1200, 1200],
  ["thing.tag.delete", { tags: ["a"] }, 200, 200],
  ["thing.tag.delete", { tags: [null] }, 1200, 1200],
  ["thing.tsltemplate.get", {}, 200, 200],
  ["thing.log.post", { logs: {} }, 200, 200],
  ["ota.device.inform", { version: "1" }, 200, 200],
  ["network.status.report", {}, 200, 200]
]

describe("checkUplinkParams (enos-protocol §3.1, §4)", () => {
  for (const [method, params, withoutModel, withMeter] of cases) {
    const sample = JSON.stringify(params)
    const shown = sample.length > 60 ? `${sample.slice(0, 60)}…` : sample
    it(`${method} ${shown}: ${withoutModel} without model, ${withMeter} with one`, () => {
      assert.strictEqual(code(method, params), withoutModel)
      assert.strictEqual(code(method, params, metered), withMeter)
    })
  }

  it("a batch names the post that is refused", () => {
    const posts = [{ measurepoints: { int: 1 } }, { measurepoints: { array: [1, "x"] } }]
    assert.strictEqual(
      checkUplinkParams("thing.measurepoint.post.batch", posts, metered)?.field,
      "[1].measurepoints.array[1]"
    )
    assert.strictEqual(checkUplinkParams("thing.measurepoint.post.batch", [{}, 1], bare)?.field, "[0].measurepoints")
    const timeless = [{ measurepoints: {} }, { measurepoints: {}, time: "now" }]
    assert.strictEqual(checkUplinkParams("thing.measurepoint.post.batch", timeless, bare)?.field, "[1].time")
  })

  it("takes as many entries as the limits say and not one more", () => {
    const names = (count: number) => Array.from({ length: count }, (_, i) => `n${i}`)
    const update = (count: number) => ({ attributes: Object.fromEntries(names(count).map((name) => [name, 1])) })
    const tags = (count: number) => names(count).map((tagKey) => ({ tagKey, tagValue: "" }))
    const batch = (count: number) => names(count).map(() => ({ measurepoints: {} }))
    assert.strictEqual(code("thing.attribute.update", update(entriesPerMessageMax)), 200)
    assert.strictEqual(code("thing.attribute.update", update(entriesPerMessageMax + 1)), 1207)
    assert.strictEqual(code("thing.attribute.query", { attributes: names(entriesPerMessageMax + 1) }), 1208)
    assert.strictEqual(code("thing.attribute.delete", { attributes: names(entriesPerMessageMax + 1) }), 1209)
    assert.strictEqual(code("thing.tag.update", tags(entriesPerMessageMax)), 200)
    assert.strictEqual(code("thing.tag.update", tags(entriesPerMessageMax + 1)), 1200)
    assert.strictEqual(code("thing.measurepoint.post.batch", batch(batchLengthMax)), 200)
    assert.strictEqual(code("thing.measurepoint.post.batch", batch(batchLengthMax + 1)), 1206)
  })

  it.prop(
    "any params of any method are accepted or refused with a code, never thrown at",
    [Schema.Json],
    ([params]) => {
      for (const [method] of cases) {
        for (const context of [bare, metered]) {
          const refused = checkUplinkParams(method, params, context)
          if (refused !== undefined) assert.include([1200, 1204, 1206, 1207, 1208, 1209, 1212], refused.code)
        }
      }
    }
  )
})
