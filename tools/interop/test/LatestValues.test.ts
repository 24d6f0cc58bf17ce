import { Device } from "@roost/device"
import { eventually, RoostProcesses } from "@roost/testkit"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { createProduct } from "../src/Fixtures.ts"

// Applications read a device's reports: real processes, a device in software.

let roost: RoostProcesses
beforeAll(async () => {
  roost = await RoostProcesses.start({ env: { ROOST_ENOS_API: "true" } })
})
afterAll(() => roost?.[Symbol.asyncDispose]())

describe("the latest values of a device's points", () => {
  it("are those of the newest time by point, and a resume replaces none that is newer", async () => {
    await createProduct(roost, "pkLatest", {})
    const one = "/v1/products/pkLatest/devices"
    const { body } = await roost.registry("POST", one, { deviceKey: "m1" })
    const device = new Device({ host: "127.0.0.1", port: roost.udpPort, productKey: "pkLatest", deviceKey: "m1" })
    await device.connect(body.deviceSecret)
    const now = Date.now()
    const say = async (name: string, params: unknown) => {
      const method = `thing.measurepoint.${name.replace("/", ".")}`
      const payload = Buffer.from(JSON.stringify({ id: "1", version: "1.0", method, params }))
      const { code } = await device.post(`/sys/pkLatest/m1/thing/measurepoint/${name}`, payload)
      assert.strictEqual(code, 0x44)
    }
    await say("post", { measurepoints: { temp: 21, level: { value: 3, quality: 9 } }, time: now - 1000 })
    await say("resume/batch", [
      { measurepoints: { temp: 10, old: 1 }, time: now - 60_000 },
      { measurepoints: { temp: 11 }, time: now - 50_000 }
    ])
    await say("post", { measurepoints: { level: 4 }, time: now - 500 })
    // A clock that is ahead keeps nothing out for long.
    await say("post", { measurepoints: { ahead: 1 }, time: now + 1_000_000_000 })
    await say("post", { measurepoints: { ahead: 2 } })
    const latest = (query = "") => roost.registry("GET", `${one}/m1/measurepoints/latest${query}`)
    await eventually(latest, ({ body }) => body.ahead?.value === 2)
    const { body: values } = await latest()
    const { ahead, ...others } = values
    assert.isAtLeast(ahead.time, now)
    assert.deepStrictEqual(others, {
      temp: { value: 21, time: now - 1000 },
      level: { value: 4, time: now - 500 },
      old: { value: 1, time: now - 60_000 }
    })
    assert.deepStrictEqual(Object.keys((await latest("?ids=temp,none")).body), ["temp"])
    assert.strictEqual((await roost.registry("GET", `${one}/none/measurepoints/latest`)).status, 404)
    const answer = await fetch(
      `${roost.registryUrl}/connect-service/v2.1/measurepoints?action=queryLatest&productKey=pkLatest&deviceKey=m1`,
      {
        method: "POST",
        headers: { "apim-accesstoken": roost.token, "content-type": "application/json" },
        body: JSON.stringify({ measurepointIds: ["temp", "level"] })
      }
    )
    assert.deepStrictEqual(((await answer.json()) as { readonly data: unknown }).data, [
      { id: "level", time: now - 500, value: 4 },
      { id: "temp", time: now - 1000, value: 21 }
    ])
    await device.close()
  })
})
