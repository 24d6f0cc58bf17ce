import { assert, describe, it } from "@effect/vitest"
import type { ThingModel } from "@roost/enos"
import { viewOf } from "../src/postgres/ModelViews.ts"

const model = (modelId: string, measurepoints: ThingModel["measurepoints"]): ThingModel => ({
  modelId,
  attributes: {},
  measurepoints,
  services: {},
  events: {}
})
const double = { data: { dataType: "DOUBLE" } } as const

describe("the view of a thing model", () => {
  it("has a column per point, in its type, of the model's products", () => {
    const view = viewOf("roost_points", {
      model: model("meter", {
        temp: double,
        on: { data: { dataType: "BOOL" } },
        name: { data: { dataType: "STRING" } }
      }),
      products: ["b", "a"]
    })
    assert.strictEqual(view.name, `"roost_points_meter"`)
    assert.strictEqual(
      view.definition,
      `SELECT "time", product, device, id, max(number) FILTER (WHERE point = 'temp') AS "temp", ` +
        `bool_or(coalesce(boolean, number <> 0)) FILTER (WHERE point = 'on') AS "on", ` +
        `max(coalesce(text, number::text)) FILTER (WHERE point = 'name') AS "name" FROM "roost_points" ` +
        `WHERE kind = 'measurepoint' AND product IN ('a', 'b') GROUP BY "time", product, device, id`
    )
  })

  it("tells models apart whose names are one for PostgreSQL, and points that are called as its own columns", () => {
    const named = (modelId: string) => viewOf("s.t", { model: model(modelId, {}), products: [] }).name
    assert.strictEqual(new Set(["a.b", "a-b", "A_B", "a_b", "x".repeat(64), `${"x".repeat(63)}y`].map(named)).size, 6)
    assert.match(named("a_b"), /^"s"\."t_a_b"$/)
    const { definition } = viewOf("t", { model: model("m", { time: double, time_2: double }), products: [] })
    assert.include(definition, `AS "time_2"`)
    assert.include(definition, `AS "time_2_2"`)
    assert.include(definition, "AND false")
  })
})
