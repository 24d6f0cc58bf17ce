import { assert, describe, it } from "@effect/vitest"
import type { ThingModel } from "@roost/enos"
import { ProductProfiles } from "../src/state/ProductProfiles.ts"

const model = (point: string): ThingModel => ({
  modelId: "m.1",
  attributes: {},
  measurepoints: { [point]: { data: { dataType: "INT" } } },
  services: {},
  events: {}
})
const accepts = (profiles: ProductProfiles, point: string) => {
  const active = profiles.modelOf("pk1")
  return active === undefined ? undefined : active.compiled.checkMeasurepoints({ [point]: 1 }) === undefined
}

describe("ProductProfiles", () => {
  it("judges a product's devices by its model, in whichever order the two are heard of, and by the newest one", () => {
    const profiles = new ProductProfiles()
    assert.isUndefined(accepts(profiles, "old"))
    profiles.put({ _tag: "Product", productKey: "pk1", modelId: "m.1" })
    assert.isUndefined(accepts(profiles, "old"))
    profiles.put({ _tag: "Model", version: 1, model: model("old") })
    assert.isTrue(accepts(profiles, "old"))
    profiles.put({ _tag: "Model", version: 2, model: model("new") })
    assert.isFalse(accepts(profiles, "old"))
    assert.isTrue(accepts(profiles, "new"))
    assert.strictEqual(profiles.modelOf("pk1"), profiles.modelOf("pk1"), "compiled once")
  })

  it("has another version of a product with each change, and none of what a watch reads again", () => {
    const profiles = new ProductProfiles()
    const versions = [profiles.versionOf("pk1")]
    const note = () => versions.push(profiles.versionOf("pk1"))
    profiles.put({ _tag: "Product", productKey: "pk1", modelId: null }, 4)
    note()
    profiles.put({ _tag: "Product", productKey: "pk1", modelId: null }, 4)
    assert.strictEqual(profiles.versionOf("pk1"), versions.at(-1))
    profiles.remove("product.pk1")
    note()
    profiles.put({ _tag: "Product", productKey: "pk1", modelId: null }, 9)
    note()
    profiles.remove("product.pk1")
    note()
    assert.lengthOf(new Set(versions), 5)
    profiles.remove("product.pk2")
    profiles.put({ _tag: "Product", productKey: "pk2", modelId: null }, 10)
    assert.strictEqual(profiles.versionOf("pk1"), versions.at(-1))
  })

  it("forgets what is gone", () => {
    const profiles = new ProductProfiles()
    profiles.put({ _tag: "Model", version: 1, model: model("old") })
    profiles.put({ _tag: "Product", productKey: "pk1", modelId: "m.1" })
    profiles.put({ _tag: "Product", productKey: "pk1", modelId: null })
    assert.isUndefined(profiles.modelOf("pk1"))
    profiles.put({ _tag: "Product", productKey: "pk1", modelId: "m.1" })
    profiles.remove("model.m=2E1")
    assert.isUndefined(profiles.modelOf("pk1"))
    profiles.remove("product.pk1")
    assert.deepStrictEqual(profiles.sizes, { products: 0, models: 0 })
  })
})
