import { Device, type ReceivedCommand } from "@roost/device"
import { parseJson } from "@roost/enos"
import { eventually, RoostProcesses } from "@roost/testkit"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { createProduct } from "../src/Fixtures.ts"
import { WebhookReceiver } from "../src/WebhookReceiver.ts"

// Every way of a number through real processes: what leaves is, digit by digit, what came.

let roost: RoostProcesses
beforeAll(async () => {
  roost = await RoostProcesses.start({ env: { ROOST_ENOS_API: "true", ROOST_WEBHOOK_PRIVATE: "true" } })
  await createProduct(roost, "pkNumbers", {})
})
afterAll(() => roost?.[Symbol.asyncDispose]())

const numerals = [
  ..."0 -0 1.0 -0.0 1e3 1E+3 1e-7 0.0000001 1e400 -1e400 1e-400".split(" "),
  ..."9007199254740993 1234567890123456789 18446744073709551615 18446744073709551616".split(" "),
  "3.141592653589793238462643383279502884197",
  "-123456789012345678901234567890.0123456789"
]
/** A value with all of them, at every place that a number may have. */
const value = `{"list":[${numerals.join()}],"in":{"a":[{"b":${numerals.at(-1)}}],"__proto__":1.0},"text":"1.0","same":1e3}`
const points = `{${numerals.map((numeral, i) => `"p${i}":${numeral}`).join()},"all":${value}}`

const ask = async (base: string, method: string, path: string, body?: string): Promise<string> => {
  const headers = {
    authorization: `Bearer ${roost.token}`,
    "apim-accesstoken": roost.token,
    "content-type": "application/json"
  }
  const response = await fetch(base + path, { method, headers, ...(body === undefined ? {} : { body }) })
  const text = await response.text()
  assert.isBelow(response.status, 300, text)
  return text
}
const registry = (method: string, path: string, body?: string) => ask(roost.registryUrl, method, path, body)
const downlink = (method: string, path: string, body?: string) => ask(roost.downlinkUrls[0]!, method, path, body)

const connected = async (deviceKey: string, received: Array<ReceivedCommand> = []): Promise<Device> => {
  const { body } = await roost.registry("POST", "/v1/products/pkNumbers/devices", { deviceKey })
  const device = new Device({
    host: "127.0.0.1",
    port: roost.udpPort,
    productKey: "pkNumbers",
    deviceKey,
    onCommand: (command) => {
      received.push(command)
      return { code: 200, data: parseJson(value) }
    }
  })
  await device.connect(body.deviceSecret)
  return device
}

const say = async (device: Device, deviceKey: string, name: string, id: string, params: string): Promise<string> => {
  const method = `thing.${name.replaceAll("/", ".")}`
  const payload = `{"id":${id},"version":"1.0","method":"${method}","params":${params}}`
  const { code, payload: answer } = await device.post(`/sys/pkNumbers/${deviceKey}/thing/${name}`, Buffer.from(payload))
  assert.strictEqual(code, 0x44)
  return Buffer.from(answer).toString("utf8")
}

describe("numbers as they were written", () => {
  it("are echoed as ids, and reach readers of events, webhooks and latest values (trust E6)", async () => {
    using receiver = await WebhookReceiver.start()
    const { bodies, url } = receiver
    await roost.registry("POST", "/v1/webhooks", { url, kinds: ["uplink"], productKey: "pkNumbers" })
    const leave = new AbortController()
    const events = await fetch(`${roost.registryUrl}/v1/events?kinds=uplink&device=told`, {
      headers: { authorization: `Bearer ${roost.token}` },
      signal: leave.signal
    })
    let heard = ""
    const reading = (async () => {
      for await (const bytes of events.body!) heard += Buffer.from(bytes).toString("utf8")
    })().catch(() => undefined)

    const device = await connected("told")
    for (const id of numerals) {
      assert.strictEqual(
        await say(device, "told", "measurepoint/post", id, `{"measurepoints":${points}}`),
        `{"id":${id},"code":200,"data":{}}`
      )
    }
    const payload = `"payload":{"id":${numerals.at(-1)},"version":"1.0","method":"thing.measurepoint.post","params":{"measurepoints":${points}}}`
    const told = async (text: () => string) =>
      assert.include(
        await eventually(
          async () => text(),
          (all) => all.includes(`"payload":{"id":${numerals.at(-1)}`)
        ),
        payload
      )
    await told(() => heard)
    await told(() => bodies.join(""))
    leave.abort()
    await reading

    const latest = "/v1/products/pkNumbers/devices/told/measurepoints/latest"
    const text = await eventually(
      () => registry("GET", latest),
      (all) => all.includes(`"all"`)
    )
    for (const [i, numeral] of numerals.entries()) assert.include(text, `"p${i}":{"value":${numeral},"time":`)
    assert.include(text, `"all":{"value":${value},"time":`)
    await device.close()
  })

  it("stay in attributes, for the device and over HTTP (trust E5)", async () => {
    const device = await connected("kept")
    const path = "/v1/products/pkNumbers/devices/kept/attributes"
    await say(device, "kept", "attribute/update", "1", `{"attributes":{"mine":${value}}}`)
    assert.include(await registry("PATCH", path, `{"theirs":${value},"one":1.0}`), `"theirs":{"value":${value},`)
    const read = await registry("GET", path)
    for (const name of ["mine", "theirs"]) assert.include(read, `"${name}":{"value":${value},`)
    assert.strictEqual(
      await say(device, "kept", "attribute/query", "1.0", `{"attributes":["theirs","one"]}`),
      `{"id":1.0,"code":200,"data":{"theirs":${value},"one":1.0}}`
    )
    const enos = "/connect-service/v2.1/devices?action=update&productKey=pkNumbers&deviceKey=kept"
    await registry("POST", enos, `{"deviceAttributes":{"enos":${value}}}`)
    assert.include(await registry("GET", path), `"enos":{"value":${value},`)
    await device.close()
  })

  it("reach a device in its commands, and come back in its replies (trust E7)", async () => {
    const received: Array<ReceivedCommand> = []
    const device = await connected("told2", received)
    const one = "/v1/products/pkNumbers/devices/told2"
    const issued = async (text: Promise<string>) => (JSON.parse(await text) as { readonly commandId: string }).commandId
    const set = await issued(
      downlink("POST", `${one}/measurepoints/limit%3Aset`, `{"value":${value},"pendingTtl":60.0}`)
    )
    const call = await issued(
      downlink("POST", `${one}/services/tune:invoke`, `{"inputData":${value},"pendingTtl":6e1}`)
    )
    await eventually(
      () => device.report({ temp: 21 }).then(() => received.length),
      (count) => count >= 2
    )
    const payloads = received.map(({ payload }) => Buffer.from(payload).toString("utf8"))
    assert.isTrue(
      payloads.some((text) => text.endsWith(`"params":{"limit":${value}}}`)),
      payloads.join("\n")
    )
    assert.isTrue(
      payloads.some((text) => text.endsWith(`"params":${value}}`)),
      payloads.join("\n")
    )
    for (const id of [set, call]) {
      const text = await eventually(
        () => downlink("GET", `/v1/commands/${id}`),
        (all) => all.includes(`"succeeded"`)
      )
      assert.include(text, `"data":${value}`)
    }
    const enos = `/connect-service/v2.1/commands?action=get&productKey=pkNumbers&deviceKey=told2&commandId=${set}`
    const { data } = JSON.parse(await registry("GET", enos)) as { readonly data: Record<string, string> }
    assert.deepStrictEqual([data["inputData"], data["outputData"]], [`{"limit":${value}}`, value])
    const found = await registry(
      "POST",
      "/connect-service/v2.1/commands?action=search&productKey=pkNumbers&deviceKey=told2",
      `{"expression":"state = 5.0","pagination":{"pageNo":1.0,"pageSize":1e1}}`
    )
    assert.strictEqual(
      (JSON.parse(found) as { readonly pagination: { readonly totalSize: number } }).pagination.totalSize,
      2
    )
    const history = await fetch(`${roost.registryUrl}/v1/events?kinds=command&device=told2`, {
      headers: { authorization: `Bearer ${roost.token}`, "last-event-id": "command=0" }
    })
    let heard = ""
    for await (const bytes of history.body!) {
      heard += Buffer.from(bytes).toString("utf8")
      if (heard.includes(`"data":${value}`)) break
    }
    assert.include(heard, `"data":${value}`)
    await device.close()
  })
})
