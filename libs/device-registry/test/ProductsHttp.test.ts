import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { HttpClient } from "effect/http"
import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { deletionUntoldMax } from "../src/index.ts"
import { createProduct, importLines, send, served } from "./support/RegistryHttp.ts"

describe("the API", () => {
  it.live("describes itself without a token and answers nothing else without one", () =>
    Effect.gen(function* () {
      const spec = JSON.parse(yield* (yield* HttpClient.get("/openapi.json")).text)
      const file = readFileSync(resolve(import.meta.dirname, "../../../openapi/registry.json"), "utf8")
      // `npm run docs -- --write` makes it anew.
      assert.deepStrictEqual(JSON.parse(file), spec)
      assert.strictEqual((yield* HttpClient.get("/docs")).status, 200)
      assert.strictEqual((yield* HttpClient.get("/v1/products")).status, 401)
    }).pipe(Effect.provide(served()))
  )
})

describe("products", () => {
  it.live("are created with what is given and what is made up, read with their secret, and listed without", () =>
    Effect.gen(function* () {
      const created = yield* createProduct
      assert.strictEqual(created.status, 201)
      assert.match(created.body.productSecret, /^[A-Za-z0-9]{20}$/)
      const product = {
        productKey: "pk1",
        productName: "Meters",
        dataFormat: "Json",
        dynamicActivateEnabled: false,
        downlink: "pipelined",
        piggybackMillis: 4_000,
        closeNotify: "lifetime",
        createdAt: created.body.createdAt
      }
      assert.deepStrictEqual(created.body, { ...product, productSecret: created.body.productSecret })
      assert.deepStrictEqual((yield* send("GET", "/v1/products/pk1")).body, created.body)
      yield* send("POST", "/v1/products", { productName: "B", productKey: "pk2" })
      const first = yield* send("GET", "/v1/products?limit=1")
      assert.deepStrictEqual(first.body, { products: [product], nextCursor: "pk1" })
      const second = yield* send("GET", "/v1/products?limit=1&cursor=pk1")
      assert.deepStrictEqual([second.body.products[0].productKey, second.body.nextCursor], ["pk2", undefined])
      assert.match((yield* send("POST", "/v1/products", { productName: "C" })).body.productKey, /^[A-Za-z0-9]{8}$/)
    }).pipe(Effect.provide(served()))
  )

  it.live("are renamed and let devices activate dynamically or no more; nothing else of them changes", () =>
    Effect.gen(function* () {
      const { productSecret: _, ...product } = (yield* createProduct).body
      const on = yield* send("PATCH", "/v1/products/pk1", { dynamicActivateEnabled: true })
      assert.deepStrictEqual(on.body, { ...product, dynamicActivateEnabled: true })
      const renamed = yield* send("PATCH", "/v1/products/pk1", { productName: "Valves" })
      assert.deepStrictEqual(renamed.body, { ...product, productName: "Valves", dynamicActivateEnabled: true })
      const off = yield* send("PATCH", "/v1/products/pk1", { dynamicActivateEnabled: false })
      assert.deepStrictEqual(off.body, { ...product, productName: "Valves" })
      const moved = yield* send("PATCH", "/v1/products/pk1", { productName: "Pumps", productKey: "pk2" })
      assert.deepStrictEqual([moved.status, moved.body.errors[0].path], [422, ["payload", "productKey"]])
      assert.strictEqual((yield* send("GET", "/v1/products/pk1")).body.productName, "Valves")
      assert.strictEqual((yield* send("PATCH", "/v1/products/pk9", {})).status, 404)
    }).pipe(Effect.provide(served()))
  )

  it.live("are deleted: 409 with the number of devices, 204 with them if forced, 202 while it lasts, 404 after", () =>
    Effect.gen(function* () {
      yield* createProduct
      assert.strictEqual((yield* send("DELETE", "/v1/products/none")).status, 404)
      for (const deviceKey of ["a", "b"]) yield* send("POST", "/v1/products/pk1/devices", { deviceKey })
      const refused = yield* send("DELETE", "/v1/products/pk1")
      assert.deepInclude(refused.body, { type: "urn:roost:problem:product-in-use", status: 409, devices: 2 })
      assert.include(refused.body.detail, "?force=true")
      assert.strictEqual((yield* send("DELETE", "/v1/products/pk1?force=1")).status, 400)
      // 204 on a machine that has time for it within a second.
      assert.include([202, 204], (yield* send("DELETE", "/v1/products/pk1?force=true")).status)
      yield* send("GET", "/v1/products/pk1").pipe(
        Effect.delay("10 millis"),
        Effect.repeat({ until: ({ status }) => status === 404 })
      )
      assert.strictEqual((yield* send("GET", "/v1/products/pk1/devices/a")).status, 404)
      yield* send("POST", "/v1/products", { productName: "Many", productKey: "many" })
      const imported = yield* importLines(
        "/v1/products/many/devices:import",
        Array.from({ length: 2 * deletionUntoldMax }, (_, i) => JSON.stringify({ deviceKey: `d${i}` })).join("\n")
      )
      assert.deepInclude(imported.results.at(-1), { imported: 2 * deletionUntoldMax })
      // Nobody tells the actors here, so the rest waits.
      const deleting = yield* send("DELETE", "/v1/products/many?force=true")
      assert.strictEqual(deleting.status, 202)
      assert.isAbove(deleting.body.devices, 0)
      const again = yield* send("DELETE", "/v1/products/many")
      assert.deepStrictEqual([again.status, again.body.deletingSince], [202, deleting.body.deletingSince])
      assert.strictEqual((yield* send("GET", "/v1/products/many")).body.deletingSince, deleting.body.deletingSince)
      assert.strictEqual((yield* send("POST", "/v1/products/many/devices", { deviceKey: "x" })).status, 404)
      const taken = yield* send("POST", "/v1/products", { productName: "Many", productKey: "many" })
      assert.include(taken.body.detail, "until the product that has it is deleted")
    }).pipe(Effect.provide(served()))
  )

  it.live("take back what reading gives, and refuse what can't be changed by name", () =>
    Effect.gen(function* () {
      yield* createProduct
      const read = (yield* send("GET", "/v1/products/pk1")).body
      assert.strictEqual((yield* send("PATCH", "/v1/products/pk1", { ...read, productName: "Valves" })).status, 200)
      assert.deepStrictEqual((yield* send("GET", "/v1/products/pk1")).body, { ...read, productName: "Valves" })
      const fixed = { ...read, dataFormat: "Custom", downlink: "serial", productName: "Pumps" }
      const refused = yield* send("PATCH", "/v1/products/pk1", fixed)
      assert.deepStrictEqual(
        [
          refused.status,
          refused.body.errors.map(({ path }: { path: ReadonlyArray<string> }) => path.at(-1)).toSorted()
        ],
        [422, ["dataFormat", "downlink"]]
      )
      assert.strictEqual((yield* send("GET", "/v1/products/pk1")).body.productName, "Valves")

      yield* send("POST", "/v1/products/pk1/devices", { deviceKey: "dev1" })
      const device = (yield* send("GET", "/v1/products/pk1/devices/dev1")).body
      const renamed = yield* send("PATCH", "/v1/products/pk1/devices/dev1", { ...device, deviceName: "Hall" })
      assert.deepStrictEqual(renamed.body, { ...device, deviceName: "Hall" })
      assert.strictEqual((yield* send("PATCH", "/v1/products/pk1/devices/dev1", { deviceKey: "dev2" })).status, 422)

      yield* send("POST", "/v1/models", { modelId: "m", attributes: {}, measurepoints: {}, services: {}, events: {} })
      const model = (yield* send("GET", "/v1/models/m")).body
      const attributes = { a: { desc: "A", data: { dataType: "INT" } } }
      const changed = { ...model, model: { ...model.model, attributes } }
      const replaced = yield* send("PUT", "/v1/models/m", changed)
      assert.deepStrictEqual([replaced.status, replaced.body.version, replaced.body.model], [200, 2, changed.model])

      yield* send("POST", "/v1/products", { productKey: "raw", productName: "Raw", dataFormat: "Custom" })
      yield* send("PUT", "/v1/products/raw/script", { source: "let a" })
      const script = (yield* send("GET", "/v1/products/raw/script")).body
      assert.deepStrictEqual((yield* send("PUT", "/v1/products/raw/script", script)).body, script)
    }).pipe(Effect.provide(served()))
  )

  it.live("that exist, do not, or are described wrongly are problems (RFC 9457)", () =>
    Effect.gen(function* () {
      yield* createProduct
      const taken = yield* createProduct
      assert.deepStrictEqual([taken.status, taken.type], [409, "application/problem+json"])
      assert.strictEqual(taken.body.type, "urn:roost:problem:product-key-exists")
      const missing = yield* send("GET", "/v1/products/pk9")
      assert.deepStrictEqual([missing.status, missing.body.code], [404, 11_611])
      const wrong = yield* send("POST", "/v1/products", { productName: "", dataFormat: "Xml" })
      assert.deepStrictEqual([wrong.status, wrong.type], [400, "application/problem+json"])
    }).pipe(Effect.provide(served()))
  )
})
