import { Device } from "@roost/device"
import { eventually, RoostProcesses } from "@roost/testkit"
import { afterAll, assert, beforeAll, describe, it } from "vitest"

// A product's thing model as devices meet it: real processes, a device in software.

let roost: RoostProcesses

const model = (point: string) => ({
  modelId: "meter",
  attributes: {},
  measurepoints: { [point]: { data: { dataType: "INT" } } },
  services: {},
  events: {}
})
const registry = async (method: string, path: string, body: unknown, expected: number) => {
  const answer = await roost.registry(method, path, body)
  assert.strictEqual(answer.status, expected, JSON.stringify(answer.body))
  return answer.body
}

describe.each([
  { registries: 1, database: "SQLite" },
  { registries: 2, database: "PostgreSQL" }
])("a product with a thing model, $registries × registry on $database,", ({ registries }) => {
  beforeAll(async () => {
    roost = await RoostProcesses.start({ registries })
  })
  afterAll(() => roost?.[Symbol.asyncDispose]())

  it("1204 is told to the device and its field to the operator, until the model or the product changes", async () => {
    await registry("POST", "/v1/models", model("temp"), 201)
    const product = { productName: "Meters", productKey: "pkModel", modelId: "meter" }
    await registry("POST", "/v1/products", product, 201)
    const { deviceSecret } = await registry("POST", "/v1/products/pkModel/devices", { deviceKey: "m1" }, 201)
    const device = new Device({ host: "127.0.0.1", port: roost.udpPort, productKey: "pkModel", deviceKey: "m1" })
    await device.connect(deviceSecret)
    const codeOf = async (points: Record<string, unknown>): Promise<number> => {
      const { code, payload } = await device.report(points)
      assert.strictEqual(code, 0x44, "2.04")
      return JSON.parse(Buffer.from(payload).toString("utf8")).code
    }
    const becomes = (points: Record<string, unknown>, code: number) =>
      eventually(
        () => codeOf(points),
        (told) => told === code
      )
    await becomes({ temp: "warm" }, 1204)
    assert.strictEqual(await codeOf({ temp: 21 }), 200)
    await eventually(
      () => roost.registry("GET", "/v1/products/pkModel/devices/m1/events"),
      ({ body }) => body.events.some(({ reason }: { reason: string }) => /1204.*measurepoints\.temp/.test(reason))
    )
    await registry("PUT", "/v1/models/meter", model("humidity"), 200)
    await becomes({ temp: 21 }, 1204)
    assert.strictEqual(await codeOf({ humidity: 40 }), 200)
    await registry("PATCH", "/v1/products/pkModel", { modelId: null }, 200)
    await becomes({ temp: "anything" }, 200)
    await device.close()
  })
})
