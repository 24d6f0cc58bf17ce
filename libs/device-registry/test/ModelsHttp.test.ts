import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { send, served } from "./support/RegistryHttp.ts"

describe("a thing model", () => {
  it.live("that no message can carry is refused, by POST and by PUT (trust C4)", () =>
    Effect.gen(function* () {
      const model = (count: number) => {
        const points = Array.from({ length: count }, (_, i) => [
          `p${i}`,
          { desc: "x".repeat(1000), data: { dataType: "INT" } }
        ])
        return { modelId: "m", attributes: {}, measurepoints: Object.fromEntries(points), services: {}, events: {} }
      }
      const large = yield* send("POST", "/v1/models", model(600))
      assert.strictEqual(large.status, 413, JSON.stringify(large.body))
      assert.match(large.body.detail, /bytes of JSON; at most 524288/)
      assert.strictEqual((yield* send("POST", "/v1/models", model(300))).status, 201)
      assert.strictEqual((yield* send("PUT", "/v1/models/m", model(600))).status, 413)
    }).pipe(Effect.provide(served()))
  )
})

describe("thing models", () => {
  const model = { modelId: "meter", attributes: {}, measurepoints: {}, services: {}, events: {} }

  it.live("say what attributes a device may be given: 1204 with field, expectation and what came", () =>
    Effect.gen(function* () {
      const attributes = {
        site: { isRequired: true, data: { dataType: "STRING" } },
        floor: { data: { dataType: "INT" } }
      }
      yield* send("POST", "/v1/models", { ...model, attributes })
      yield* send("POST", "/v1/products", { productName: "Meters", productKey: "pk1", modelId: "meter" })
      yield* send("POST", "/v1/products/pk1/devices", { deviceKey: "d" })
      const change = (body: object, query = "") => send("PATCH", `/v1/products/pk1/devices/d/attributes${query}`, body)
      for (const [body, field, expected, got] of [
        [{ site: 7 }, "attributes.site", "a string of 1–1024 bytes", "7"],
        [{ floor: 1.5 }, "attributes.floor", "a 32-bit integer", "1.5"],
        [{ site: null }, "attributes.site", "an attribute that may be missing", "a required one"],
        [{ roof: 1 }, "attributes.roof", "one of the model's attributes", undefined]
      ] as const) {
        const { body: problem, status } = yield* change(body)
        assert.strictEqual(status, 422, field)
        assert.deepInclude(problem, { code: 1204, modelId: "meter", modelVersion: 1, field, expected })
        if (got !== undefined) assert.strictEqual(problem.got, got)
        assert.strictEqual((yield* change(body, "?unchecked=true")).status, 200, field)
      }
      assert.strictEqual((yield* change({ site: "A1", floor: null })).status, 200)
      // Another version counts for the next change.
      yield* send("PUT", "/v1/models/meter", { ...model, attributes: { roof: { data: { dataType: "INT" } } } })
      assert.strictEqual((yield* change({ roof: 1 })).status, 200)
      assert.deepInclude((yield* change({ site: "A1" })).body, { code: 1204, modelVersion: 2 })
      const tags = yield* send("PATCH", "/v1/products/pk1/devices/d/tags", { anything: "x" })
      assert.strictEqual(tags.status, 200)
    }).pipe(Effect.provide(served()))
  )

  it.live("are created, replaced, listed and deleted", () =>
    Effect.gen(function* () {
      const created = yield* send("POST", "/v1/models", model)
      assert.strictEqual(created.status, 201)
      assert.deepStrictEqual(created.body.model, model)
      assert.strictEqual(created.body.version, 1)
      assert.strictEqual((yield* send("POST", "/v1/models", model)).status, 409)
      const points = { measurepoints: { temp: { hasQuality: true, data: { dataType: "DOUBLE" } } } }
      const replaced = yield* send("PUT", "/v1/models/meter", { ...model, ...points })
      assert.strictEqual(replaced.body.version, 2)
      assert.deepStrictEqual((yield* send("GET", "/v1/models/meter")).body, replaced.body)
      const { version, createdAt, updatedAt } = replaced.body
      assert.deepStrictEqual((yield* send("GET", "/v1/models")).body, {
        models: [{ modelId: "meter", version, createdAt, updatedAt }]
      })
      assert.strictEqual((yield* send("PUT", "/v1/models/meter", { ...model, modelId: "other" })).status, 422)
      assert.strictEqual((yield* send("PUT", "/v1/models/other", { ...model, modelId: "other" })).status, 404)
      assert.strictEqual((yield* send("DELETE", "/v1/models/meter")).status, 204)
      assert.strictEqual((yield* send("GET", "/v1/models/meter")).status, 404)
    }).pipe(Effect.provide(served()))
  )

  it.live("that are none are refused with the field and what was expected", () =>
    Effect.gen(function* () {
      const refused = yield* send("POST", "/v1/models", {
        ...model,
        measurepoints: { temp: { data: { dataType: "X" } } }
      })
      assert.strictEqual(refused.status, 400)
      assert.include(JSON.stringify(refused.body), "temp")
      assert.include(JSON.stringify(refused.body), "INT")
    }).pipe(Effect.provide(served()))
  )

  it.live("are referred to by products, 11699 if there is none, and stay while they are", () =>
    Effect.gen(function* () {
      const product = { productName: "Meters", productKey: "pk1", modelId: "meter" }
      const missing = yield* send("POST", "/v1/products", product)
      assert.strictEqual(missing.status, 404)
      assert.strictEqual(missing.body.code, 11_699)
      yield* send("POST", "/v1/models", model)
      assert.strictEqual((yield* send("POST", "/v1/products", product)).body.modelId, "meter")
      assert.strictEqual((yield* send("PATCH", "/v1/products/pk1", { modelId: "none" })).status, 404)
      assert.strictEqual((yield* send("DELETE", "/v1/models/meter")).status, 409)
      const changed = yield* send("PATCH", "/v1/products/pk1", { modelId: null })
      assert.strictEqual(changed.status, 200)
      assert.notProperty(changed.body, "modelId")
      assert.strictEqual((yield* send("DELETE", "/v1/models/meter")).status, 204)
    }).pipe(Effect.provide(served()))
  )
})
