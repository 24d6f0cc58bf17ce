import { eventually, RoostProcesses } from "@roost/testkit"
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

describe("an API key", () => {
  const ask = async (url: string, secret: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${secret}`, "content-type": "application/json" }
    const response = await fetch(url, { ...init, headers })
    return { status: response.status, body: JSON.parse((await response.text()) || "null") }
  }

  it("is good at the registry, at downlink-queue and for EnOS's API, for its product, until it is revoked", async () => {
    const grants = [{ role: "developer", products: ["pk"] }]
    const made = await roost.registry("POST", "/v1/access/keys", { name: "app", grants })
    const { keyId, secret } = made.body
    const set = { method: "POST", body: JSON.stringify({ value: 1 }) }
    const of = (product: string) => `/v1/products/${product}/devices/d1/measurepoints/a:set`
    for (const address of [roost.registryUrl, roost.downlinkUrls[0]!]) {
      // It never came.
      assert.strictEqual((await ask(address + of("pk"), secret, set)).status, 409)
      const foreign = await ask(address + of("raw"), secret, set)
      assert.deepStrictEqual([foreign.status, foreign.body.had], [403, ["developer"]])
      assert.strictEqual((await ask(address + of("pk"), `${secret}x`, set)).status, 401)
    }
    const enos = (product: string) =>
      ask(`${roost.registryUrl}${v21}/devices?action=get&productKey=${product}&deviceKey=d1`, secret)
    assert.deepStrictEqual([(await enos("pk")).body.code, (await enos("raw")).body.code], [0, 99_403])

    // The caller's own answers are nobody else's.
    const sent = { method: "POST", body: JSON.stringify({ productName: "Meters", productKey: "pk" }) }
    const headers = {
      authorization: `Bearer ${secret}`,
      "content-type": "application/json",
      "idempotency-key": "create-3"
    }
    const again = await fetch(`${roost.registryUrl}/v1/products`, { ...sent, headers })
    assert.strictEqual(again.status, 403)

    await roost.registry("DELETE", `/v1/access/keys/${keyId}`)
    assert.strictEqual((await ask(roost.registryUrl + of("pk"), secret, set)).status, 401)
    await eventually(async () => (await ask(roost.downlinkUrls[0]! + of("pk"), secret, set)).status === 401)
    const told = () => roost.registry("GET", "/v1/audit?operation=revokeApiKey")
    const { body } = await eventually(told, ({ body }) => body.entries.length > 0)
    assert.strictEqual(body.entries[0].target.keyId, keyId)
  })
})
