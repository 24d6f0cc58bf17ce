import { assert, describe, it } from "@effect/vitest"
import { DownlinkApi, RegistryApi } from "@roost/contracts"
import { endpointsOf, nearestEndpoints, nearestVerbs } from "../src/NearestEndpoint.ts"

const own = endpointsOf(DownlinkApi)
/** As downlink-queue knows them: the registry has its commands, too. */
const known = [
  ...own,
  ...endpointsOf(RegistryApi, "registry").filter(({ path }) => !own.some((endpoint) => endpoint.path === path))
]
const product = "/v1/products/pk1"
const device = `${product}/devices/imei:01.5`
const templates = { device: "/v1/products/{productKey}/devices/{deviceKey}", product: "/v1/products/{productKey}" }
const withValues = (path: string) => path.replace(templates.device, "D").replace(templates.product, "P")

describe("an address that no endpoint has", () => {
  it("is told the endpoints that were probably meant", () => {
    for (const [method, path, ...meant] of [
      ["GET", "/v1/product", "/v1/products"],
      ["GET", "/v2/products", "/v1/products"],
      ["GET", "/products", "/v1/products"],
      ["GET", "/v1/prodcuts/pk1", "P"],
      ["GET", `${product}/device/d1`, "D"],
      ["GET", `${device}/attribute`, "D/attributes"],
      ["GET", `${device}/latest`, "D/measurepoints/latest"],
      ["POST", `${device}/service/reset:invoke`, "D/services/{service}:invoke"],
      ["POST", `${device}/services/reset:invok`, "D/services/{service}:invoke"],
      ["POST", `${device}/measurepoint/temp:set`, "D/measurepoints/{measurepoint}:set"],
      ["POST", `${device}/measurepoints/temp`, "D/measurepoints/{measurepoint}:set"],
      ["POST", `${device}/measurepoints/temp:get`, "D/measurepoints:get"],
      ["POST", `${product}/script/publish`, "P/script:publish"],
      ["PUT", `${product}/scripts`, "P/script"],
      ["GET", "/v1/commands", "/v1/commands/{commandId}"],
      ["POST", "/v1/devices", "P/devices"],
      ["GET", "/v1/devices/d1", "D", "/v1/devices"],
      ["GET", `${device}/measurepoints/history`, "D/measurepoints/latest"],
      ["GET", "/v1"],
      ["GET", "/"],
      ["GET", "/favicon.ico"],
      ["GET", `/${"v1/".repeat(40)}`]
    ] as const) {
      const found = nearestEndpoints(method, path, known).map((endpoint) => withValues(endpoint.path))
      assert.sameMembers(found, [...meant], `${method} ${path}`)
    }
  })

  it("is told of other services' with their names", () => {
    const [invoke] = nearestEndpoints("POST", `${device}/service/reset:invoke`, known)
    assert.isUndefined(invoke?.at)
    assert.strictEqual(nearestEndpoints("GET", "/v1/product", known)[0]?.at, "registry")
  })
})

describe("a verb that an address does not have", () => {
  it("is told the verb that was probably meant, or those that there are", () => {
    for (const [path, ...meant] of [
      [`${device}:enabel`, "D:enable"],
      [`${device}:explode`, "D:enable", "D:disable", "D:rotate-secret", "D:replace"],
      [`${product}:rotate`, "P:rotate-secret"],
      [product],
      [`${device}/tags`]
    ] as const) {
      const found = nearestVerbs("POST", path, known).map((endpoint) => withValues(endpoint.path))
      assert.sameMembers(found, [...meant], path)
    }
  })
})
