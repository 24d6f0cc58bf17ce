import { assert, describe, it } from "@effect/vitest"
import { checkUplinkParams, parseJson, shapeHintOf, type UplinkContext } from "../src/index.ts"
import { meter } from "./support/meterModel.ts"

const bare: UplinkContext = { productKey: "pk1", deviceKey: "dev1", model: undefined }
const hint = (method: string, params: string, context = bare): string | undefined => {
  const read: unknown = parseJson(params)
  const refused = checkUplinkParams(method, read, context)
  return refused && shapeHintOf(method, read, refused)
}

const cases: ReadonlyArray<readonly [method: string, params: string, says: RegExp]> = [
  [
    "thing.measurepoint.post",
    '{"temp":21.5}',
    /stands beside it or under another name: "temp"\. Send params as \{"measurepoints"/
  ],
  ["thing.measurepoint.post", '{"measurePoints":{"temp":1}}', /mistyped: "measurePoints"/],
  ["thing.measurepoint.post", '{"points":{"temp":1}}', /mistyped: "points"/],
  ["thing.measurepoint.resume", '{"time":1}', /^\. Send params as/],
  ["thing.measurepoint.post", '[{"measurepoints":{}}]', /\/batch/],
  ["thing.measurepoint.post.batch", '{"measurepoints":{}}', /without the list.*as \[\{"measurepoints"/],
  ["thing.measurepoint.post.batch", '[{"measurepoints":{}},{"measurepoint":{}}]', /mistyped: "measurepoint"/],
  ["thing.measurepoint.post", '{"measurepoints":{},"time":"1796027957757"}', /the number has quotes/],
  ["thing.measurepoint.post", '{"measurepoints":{},"time":"2026-11-30T08:00:00Z"}', /a date's text/],
  ["thing.measurepoint.post.batch", '[{"measurepoints":{},"time":1796027957.7}]', /seconds with a fraction/],
  ["thing.event.overheat.post", '{"event":{"temp":90}}', /mistyped: "event".*as \{"events"/],
  ["thing.attribute.update", '{"name":"a"}', /another name: "name".*as \{"attributes":\{/],
  ["thing.attribute.query", '{"attributes":"a"}', /^\. Send params as \{"attributes":\["name"\]\}/],
  ["thing.tag.update", '{"tagKey":"a","tagValue":"b"}', /without the list.*"tagKey"/],
  ["thing.tag.delete", '["a"]', /as \{"tags":\["name"\]\}/]
]

describe("params of another shape", () => {
  for (const [method, params, says] of cases) {
    it(`of ${method} are told with what they should be: ${params}`, () =>
      assert.match(hint(method, params) ?? "", says))
  }

  it("is not what a thing model refuses", () => {
    assert.isUndefined(hint("thing.measurepoint.post", '{"measurepoints":{"other":1}}', { ...bare, model: meter }))
  })
})
