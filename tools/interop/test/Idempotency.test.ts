import { RoostProcesses } from "@roost/testkit"
import { afterAll, assert, beforeAll, describe, it } from "vitest"

let roost: RoostProcesses
beforeAll(async () => {
  roost = await RoostProcesses.start({ env: { ROOST_ENOS_API: "true" } })
})
afterAll(() => roost?.[Symbol.asyncDispose]())

const post = async (path: string, key: string, body: unknown) => {
  const response = await fetch(roost.registryUrl + path, {
    method: "POST",
    headers: {
      authorization: `Bearer ${roost.token}`,
      "idempotency-key": key,
      "content-type": typeof body === "string" ? "application/x-ndjson" : "application/json"
    },
    body: typeof body === "string" ? body : JSON.stringify(body)
  })
  return {
    status: response.status,
    text: await response.text(),
    replayed: response.headers.get("idempotency-replayed")
  }
}

const nothing = { attributes: {}, measurepoints: {}, services: {}, events: {} }
const v21 = "/connect-service/v2.1"
const creations: ReadonlyArray<readonly [path: string, body: unknown, other: unknown]> = [
  ["/v1/models", { modelId: "m1", ...nothing }, { modelId: "m2", ...nothing }],
  ["/v1/products", { productName: "A" }, { productName: "B" }],
  ["/v1/products", { productName: "Raw", productKey: "raw", dataFormat: "Custom" }, { productName: "B" }],
  ["/v1/products", { productName: "Meters", productKey: "pk" }, { productName: "B" }],
  ["/v1/products/pk/devices", { deviceKey: "d1" }, { deviceKey: "d2" }],
  ["/v1/products/pk/devices/d1:rotate-secret", {}, { deviceSecret: "another secret, given" }],
  ["/v1/products/pk:rotate-secret", { graceSeconds: 60 }, { graceSeconds: 61 }],
  [
    "/v1/webhooks",
    { url: "http://127.0.0.1:9/", kinds: ["command"] },
    { url: "http://127.0.0.1:9/", kinds: ["uplink"] }
  ],
  [`${v21}/products?action=create`, { productName: "E" }, { productName: "F" }],
  [
    `${v21}/devices?action=create`,
    { productKey: "pk", deviceKey: "e1", deviceName: "E" },
    { productKey: "pk", deviceKey: "e2", deviceName: "E" }
  ]
]

describe("Idempotency-Key", () => {
  it("creates once, beyond a kill of the registry, and tells the secrets again (trust F13)", async () => {
    const first = []
    for (const [i, [path, body]] of creations.entries()) {
      const answer = await post(path, `create-${i}`, body)
      assert.oneOf(answer.status, [200, 201], `${path}: ${answer.text}`)
      assert.isNull(answer.replayed)
      first.push(answer.text)
    }
    const lines = '{"deviceKey":"i1"}\n{"deviceKey":"i2"}\n'
    const imported = await post("/v1/products/pk/devices:import", "import", lines)
    assert.strictEqual(imported.status, 200)
    await roost.restart("registry", "SIGKILL")
    for (const [i, [path, body, other]] of creations.entries()) {
      const again = await post(path, `create-${i}`, body)
      assert.strictEqual(again.text, first[i], path)
      assert.strictEqual(again.replayed, "true")
      assert.strictEqual((await post(path, `create-${i}`, other)).status, 422, path)
    }
    assert.strictEqual((await post("/v1/products/pk/devices:import", "import", lines)).text, imported.text)
    const { body } = await roost.registry("GET", "/v1/products")
    assert.lengthOf(body.products, 4)
  })
})
