import { Device } from "@roost/device"
import { eventually, RoostProcesses } from "@roost/testkit"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { createProduct } from "../src/Fixtures.ts"

// An operator's changes while devices come in: real processes, a device in software.

let roost: RoostProcesses
const deviceOf = (productKey: string, deviceKey: string): Device =>
  new Device({
    host: "127.0.0.1",
    port: roost.udpPort,
    productKey,
    deviceKey,
    timing: { initialMillis: 500, maxMillis: 500, transmissionsMax: 4 },
    onCommand: () => ({ code: 200, data: {} })
  })
const eventsOf = async (productKey: string, deviceKey: string): Promise<ReadonlyArray<string>> =>
  (await roost.registry("GET", `/v1/products/${productKey}/devices/${deviceKey}/events`)).body.events.map(
    ({ kind }: { kind: string }) => kind
  )
/** Keys that the actors asked the registries for. */
const keysAsked = async (): Promise<number> => {
  const ports = roost.apps.filter(({ app }) => app === "registry").map(({ port }) => port)
  const metrics = await Promise.all(ports.map(async (port) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()))
  return [...metrics.join("\n").matchAll(/^roost_registry_psk_total\{.*\} (\d+)$/gm)].reduce(
    (sum, [, n]) => sum + Number(n),
    0
  )
}
const failureOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "",
    (error: unknown) => String(error)
  )

describe.each([
  { registries: 1, database: "SQLite" },
  { registries: 2, database: "PostgreSQL" }
])("an operator, $registries × registry on $database,", ({ registries }) => {
  beforeAll(async () => {
    roost = await RoostProcesses.start({ registries })
  })
  afterAll(() => roost?.[Symbol.asyncDispose]())

  it("changes a product's secret: the former one activates during the grace, and not without (S117)", async () => {
    const { productSecret: former } = await createProduct(roost, "pkRotate", { dynamicActivateEnabled: true })
    for (const deviceKey of ["a", "b"]) await roost.registry("POST", "/v1/products/pkRotate/devices", { deviceKey })
    const rotate = (body: unknown) => roost.registry("POST", "/v1/products/pkRotate:rotate-secret", body)
    const { status, body } = await rotate({ graceSeconds: 3600 })
    assert.strictEqual(status, 200)
    assert.isAbove(body.previousSecretUntil, Date.now())
    const outdated = deviceOf("pkRotate", "a")
    await outdated.activate(former)
    assert.isString((await outdated.activate(body.productSecret)).deviceSecret)
    await outdated.close()
    await eventually(
      () => eventsOf("pkRotate", "a"),
      (kinds) => kinds.includes("product-secret-outdated") && kinds.includes("secret-issued")
    )
    await rotate({ graceSeconds: 0 })
    assert.notStrictEqual(await failureOf(deviceOf("pkRotate", "b").activate(former)), "")
    await eventually(
      () => eventsOf("pkRotate", "b"),
      (kinds) => kinds.includes("handshake-refused")
    )
  })

  it("replaces a device: the old hardware is out at once, the new one activates (S117)", async () => {
    const { productSecret } = await createProduct(roost, "pkReplace", { dynamicActivateEnabled: true })
    await roost.registry("POST", "/v1/products/pkReplace/devices", { deviceKey: "meter" })
    const path = "/v1/products/pkReplace/devices/meter"
    const old = deviceOf("pkReplace", "meter")
    const { deviceSecret } = await old.activate(productSecret)
    await old.connect(deviceSecret)
    await old.report({ temp: 1 })
    const statusIs = (status: string) =>
      eventually(
        () => roost.registry("GET", path),
        ({ body }) => body.status === status
      )
    await statusIs("online")
    const replaced = await roost.registry("POST", `${path}:replace`, {})
    assert.strictEqual(replaced.status, 200)
    await eventually(
      () =>
        old.report({ temp: 2 }).then(
          ({ code }) => code,
          () => 0x81
        ),
      (code) => code === 0x81
    )
    assert.notStrictEqual(await failureOf(deviceOf("pkReplace", "meter").connect(deviceSecret)), "")
    await statusIs("inactive")
    const fresh = deviceOf("pkReplace", "meter")
    const issued = await fresh.activate(productSecret)
    assert.strictEqual(issued.assetId, replaced.body.assetId)
    await fresh.connect(issued.deviceSecret)
    await fresh.report({ temp: 3 })
    await statusIs("online")
    await fresh.close()
    await old.close()
  })

  it("changes what a device comes in with whose key its node knows: the next full handshake is by the new state", async () => {
    await createProduct(roost, "pkKnown")
    const { body } = await roost.registry("POST", "/v1/products/pkKnown/devices", { deviceKey: "meter" })
    const path = "/v1/products/pkKnown/devices/meter"
    const comesIn = async (secret: string): Promise<boolean> => {
      const device = deviceOf("pkKnown", "meter")
      const failure = await failureOf(device.connect(secret))
      await device.close()
      return failure === ""
    }
    const eventuallyIn = (secret: string, expected: boolean) =>
      eventually(
        () => comesIn(secret),
        (is) => is === expected
      )
    await eventuallyIn(body.deviceSecret, true)
    const asked = await keysAsked()
    assert.isAtLeast(asked, 1)
    for (let i = 0; i < 3; i++) assert.isTrue(await comesIn(body.deviceSecret))
    assert.strictEqual(await keysAsked(), asked)
    await roost.registry("POST", `${path}:disable`)
    await eventuallyIn(body.deviceSecret, false)
    await roost.registry("POST", `${path}:enable`)
    await eventuallyIn(body.deviceSecret, true)
    const rotated = await roost.registry("POST", `${path}:rotate-secret`, {})
    // Nobody knows the new one here: the registry is asked.
    assert.isTrue(await comesIn(rotated.body.deviceSecret))
    await eventuallyIn(body.deviceSecret, false)
    await roost.registry("PATCH", "/v1/products/pkKnown", { closeNotify: "offline" })
    const statusBehindGoodbye = async (): Promise<string> => {
      await comesIn(rotated.body.deviceSecret)
      return (await roost.registry("GET", path)).body.status
    }
    await eventually(statusBehindGoodbye, (status) => status === "offline")
    assert.strictEqual((await roost.registry("DELETE", path)).status, 204)
    await eventuallyIn(rotated.body.deviceSecret, false)
  })

  it("deletes a product with its devices: sessions, commands and webhooks end, and nobody gets in", async () => {
    const product = "/v1/products/pkGone"
    await createProduct(roost, "pkGone")
    const { body: credential } = await roost.registry("POST", `${product}/devices`, { deviceKey: "meter" })
    const device = deviceOf("pkGone", "meter")
    await device.connect(credential.deviceSecret)
    await device.report({ temp: 1 })
    const hook = { url: "https://app.example/roost", kinds: ["presence"], productKey: "pkGone" }
    const { webhookId } = (await roost.registry("POST", "/v1/webhooks", hook)).body
    const strange = await roost.registry("POST", "/v1/webhooks", { ...hook, productKey: "pkNever" })
    assert.deepStrictEqual([strange.status, strange.body.code], [404, 11_611])
    const command = { value: 1, pendingTtl: 600 }
    const { commandId } = (await roost.downlink("POST", `${product}/devices/meter/measurepoints/limit:set`, command))
      .body

    const refused = await roost.registry("DELETE", product)
    assert.deepStrictEqual([refused.status, refused.body.devices], [409, 1])
    assert.include([202, 204], (await roost.registry("DELETE", `${product}?force=true`)).status)
    await eventually(
      () => roost.registry("GET", product),
      ({ status }) => status === 404
    )
    await eventually(
      () =>
        device.report({ temp: 2 }).then(
          ({ code }) => code,
          () => 0x81
        ),
      (code) => code === 0x81
    )
    await device.close()
    assert.notStrictEqual(await failureOf(deviceOf("pkGone", "meter").connect(credential.deviceSecret)), "")
    const { body: ended } = await eventually(
      () => roost.downlink("GET", `/v1/commands/${commandId}`),
      ({ body }) => body.state === "cancelled"
    )
    assert.deepStrictEqual([ended.code, ended.message], [11_705, "the device was deleted"])
    assert.strictEqual((await roost.registry("GET", `/v1/webhooks/${webhookId}`)).status, 404)
    await createProduct(roost, "pkGone")
    assert.deepStrictEqual((await roost.registry("GET", `${product}/devices`)).body.devices, [])
  })
})
