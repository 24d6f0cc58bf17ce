import { type CommandHandler, Device } from "@roost/device"
import { eventually, RoostProcesses } from "@roost/testkit"
import { afterAll, assert, beforeAll, describe, it } from "vitest"

// An application written for EnOS's open API v2.1 (enos-protocol §8), with nothing changed but address and token.

let roost: RoostProcesses
beforeAll(async () => {
  roost = await RoostProcesses.start({ env: { ROOST_ENOS_API: "true" } })
  const nothing = { attributes: {}, measurepoints: {}, services: {}, events: {} }
  const level = { data: { dataType: "INT" } }
  const service = { inputData: { level }, outputData: {} }
  const meter = {
    ...nothing,
    modelId: "meter",
    passthrough: true,
    attributes: { site: { data: { dataType: "STRING" } } },
    measurepoints: { limit: { data: { dataType: "DOUBLE" } } },
    services: { reset: service, fail: service }
  }
  const model = await roost.registry("POST", "/v1/models", meter)
  assert.strictEqual(model.status, 201)
})
afterAll(() => roost?.[Symbol.asyncDispose]())

// The tests look into whatever came.
// oxlint-disable-next-line typescript/no-explicit-any
type Answer = any
const call = async (method: "GET" | "POST", path: string, body?: unknown, token = roost.token): Promise<Answer> => {
  const response = await fetch(`${roost.registryUrl}/connect-service/v2.1/${path}&orgId=o1`, {
    method,
    headers: { "apim-accesstoken": token, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) })
  })
  assert.strictEqual(response.status, 200)
  return response.json()
}
const post = (path: string, body: unknown = {}) => call("POST", path, body)
const get = (path: string) => call("GET", path)
const codeOf = async (answer: Promise<Answer>): Promise<number> => (await answer).code
const linkOf = async (answer: Promise<Answer>): Promise<string> => (await answer).link
const done = async (answer: Promise<Answer>): Promise<Answer> => {
  const { code, data, msg, requestId } = await answer
  assert.deepStrictEqual([code, msg], [0, "OK"])
  assert.match(requestId, /^[0-9a-f-]{36}$/)
  return data
}

const newProduct = (more: object = {}): Promise<string> =>
  done(
    post("products?action=create", {
      productName: { defaultValue: "Meters", i18nValue: {} },
      productType: "Device",
      modelId: "meter",
      dataFormat: "Json",
      biDirectionalAuth: false,
      ...more
    })
  )
const newDevice = (productKey: string, deviceKey: string): Promise<Answer> =>
  done(
    post("devices?action=create", {
      productKey,
      deviceKey,
      timezone: "+08:00",
      deviceName: { defaultValue: deviceKey, i18nValue: {} }
    })
  )
const connected = async (
  { productKey, deviceKey, deviceSecret }: Answer,
  onCommand: CommandHandler
): Promise<Device> => {
  const device = new Device({ host: "127.0.0.1", port: roost.udpPort, productKey, deviceKey, onCommand })
  await device.connect(deviceSecret)
  await device.report({ temp: 1 })
  await eventually(
    () => get(`devices?action=get&productKey=${productKey}&deviceKey=${deviceKey}`),
    ({ data }) => data.status === "online"
  )
  return device
}
/** Reports until the promise is settled, as a device that is awake. */
const whileAwake = async <A>(device: Device, answer: Promise<A>): Promise<A> => {
  const settled = new AbortController()
  const stop = () => settled.abort()
  void answer.then(stop, stop)
  for (let i = 0; !settled.signal.aborted; i++) {
    await device.report({ temp: i })
    await new Promise((resume) => setTimeout(resume, 50))
  }
  return answer
}

describe("EnOS's open API", () => {
  it("answers nobody without the token, and says what it does not have", async () => {
    assert.strictEqual(await codeOf(call("GET", "products?action=get&productKey=a", undefined, "wrong")), 99_403)
    assert.strictEqual(await codeOf(get("products?action=fly")), 99_404)
    assert.strictEqual(await codeOf(get("constructor?action=toString")), 99_404)
    assert.strictEqual(await codeOf(post("products?action=get&productKey=a")), 99_404)
    assert.strictEqual(await codeOf(post("products?action=create", { productName: 1 })), 99_400)
    // Where cause and cure stand.
    assert.strictEqual(await linkOf(get("products?action=fly")), "/refusals#no-such-endpoint")
    assert.strictEqual(await linkOf(get("commands?action=get&commandId=none")), "/refusals#no-such-command")
    assert.strictEqual(await linkOf(get("products?action=get&productKey=none")), "/refusals#no-such-product")
  })

  it("updates a device: its name, some of its attributes and tags", async () => {
    const productKey = await newProduct()
    await newDevice(productKey, "u1")
    const named = `productKey=${productKey}&deviceKey=u1`
    const change = {
      deviceName: { defaultValue: "Cellar", i18nValue: {} },
      deviceAttributes: { site: "A1" },
      deviceTags: { floor: "-1" }
    }
    await done(post(`devices?action=update&${named}`, change))
    await done(post(`devices?action=update&${named}`, { deviceTags: { floor: null, door: "2" } }))
    assert.strictEqual((await done(get(`devices?action=get&${named}`))).deviceName.defaultValue, "Cellar")
    const values = async (kind: string) =>
      Object.entries((await roost.registry("GET", `/v1/products/${productKey}/devices/u1/${kind}`)).body)
    assert.deepInclude((await values("attributes"))[0]?.[1] as object, { value: "A1" })
    assert.deepStrictEqual(
      (await values("tags")).map(([name]) => name),
      ["door"]
    )
    const mistyped = await post(`devices?action=update&${named}`, { deviceAttributes: { site: 7 } })
    assert.strictEqual(mistyped.code, 99_400)
    assert.include(mistyped.msg, "attributes.site: expected a string")
    const strange = `productKey=${productKey}&deviceKey=none`
    assert.strictEqual(await codeOf(post(`devices?action=update&${strange}`, change)), 11_705)
    assert.strictEqual(await codeOf(post(`devices?action=update&${named}`, { deviceTags: { "a b": "x" } })), 99_400)
  })

  it("creates products and devices and reads them, by keys and by asset id", async () => {
    const productKey = await newProduct({ dynamicActivateEnabled: true })
    const product = await done(get(`products?action=get&productKey=${productKey}`))
    assert.match(product.productSecret, /^\w{20}$/)
    assert.deepStrictEqual([product.productName.defaultValue, product.dynamicActivateEnabled], ["Meters", true])
    assert.strictEqual(product.modelId, "meter")
    assert.strictEqual(await newProduct({ productKey: "chosen-1" }), "chosen-1")
    const taken = { productName: { defaultValue: "Meters" }, productKey: "chosen-1" }
    assert.strictEqual(await codeOf(post("products?action=create", taken)), 99_400)
    const strange = { productName: { defaultValue: "Meters" }, modelId: "strange" }
    assert.strictEqual(await codeOf(post("products?action=create", strange)), 11_699)
    const created = await newDevice(productKey, "d1")
    assert.deepStrictEqual(Object.keys(created).sort(), ["assetId", "deviceKey", "deviceSecret", "productKey"])
    const byKeys = await done(get(`devices?action=get&productKey=${productKey}&deviceKey=d1`))
    assert.deepStrictEqual(await done(get(`devices?action=get&assetId=${created.assetId}`)), byKeys)
    assert.deepStrictEqual([byKeys.status, byKeys.activeTime, byKeys.orgId], ["inactive", 0, "o1"])
    const again = { productKey, deviceKey: "d1", deviceName: "d1" }
    assert.strictEqual(await codeOf(post("devices?action=create", again)), 11_702)
    assert.strictEqual(await codeOf(post("devices?action=create", { ...again, productKey: "none" })), 11_611)
    assert.strictEqual(await codeOf(get(`devices?action=get&productKey=${productKey}&deviceKey=d9`)), 11_705)
    assert.strictEqual(await codeOf(get("devices?action=get&assetId=none")), 11_705)
    assert.strictEqual(await codeOf(get("devices?action=get")), 99_400)
    assert.strictEqual(await codeOf(get("products?action=get&productKey=none")), 11_611)
    const made = await done(post("devices?action=create", { productKey, deviceName: "unnamed" }))
    assert.match(made.deviceKey, /^\w{10}$/)
  })

  it("searches devices page by page, newest first, disables, enables, replaces and deletes them", async () => {
    const productKey = await newProduct()
    for (const key of ["a", "b", "c"]) await newDevice(productKey, key)
    const search = (expression: string, pageNo = 1) =>
      post("devices?action=search", { expression, pagination: { pageNo, pageSize: 2 } })
    const first = await search(`productKey = "${productKey}"`)
    assert.deepStrictEqual(first.pagination, { pageNo: 1, pageSize: 2, totalSize: 3 })
    const second = await search(`productKey = "${productKey}"`, 2)
    const keys = [...first.data, ...second.data].map(({ deviceKey }: Answer) => deviceKey)
    assert.deepStrictEqual(keys, ["c", "b", "a"])
    const of = (key: string) => `productKey=${productKey}&deviceKey=${key}`
    assert.strictEqual(await codeOf(post(`devices?action=disable&${of("b")}`)), 0)
    assert.strictEqual(await codeOf(post(`devices?action=disable&${of("b")}`)), 11_794)
    const disabled = await search(`productKey in ("${productKey}", "${productKey}") and status = 'disable'`)
    assert.deepStrictEqual(
      disabled.data.map(({ deviceKey }: Answer) => deviceKey),
      ["b"]
    )
    assert.strictEqual(await codeOf(post(`devices?action=enable&${of("b")}`)), 0)
    assert.strictEqual(await codeOf(post(`devices?action=enable&${of("b")}`)), 11_794)
    const replaced = await done(
      post(`devices?action=replaceDevice&${of("a")}`, { deviceSecret: "another-secret-of-a" })
    )
    assert.deepStrictEqual([replaced.deviceKey, replaced.deviceSecret], ["a", "another-secret-of-a"])
    assert.strictEqual(await codeOf(post(`devices?action=delete&assetId=${replaced.assetId}`)), 0)
    assert.strictEqual(await codeOf(post(`devices?action=delete&${of("a")}`)), 11_705)
    const anywhere = await search('deviceKey in ("b", "c")')
    assert.deepStrictEqual(
      anywhere.data.map(({ deviceKey }: Answer) => deviceKey),
      ["c", "b"]
    )
    assert.strictEqual(await codeOf(search("deviceTags.site = 'x'")), 99_400)
    assert.strictEqual(await codeOf(search(`productKey like "${productKey}"`)), 99_400)
  })

  it("commands a device: instant ones wait for the reply, cached ones are searched and cancelled", async () => {
    const productKey = await newProduct()
    // The device's goodbye is to be its last sign; else its Lifetime decides.
    const { status } = await roost.registry("PATCH", `/v1/products/${productKey}`, { closeNotify: "offline" })
    assert.strictEqual(status, 200)
    const registered = await newDevice(productKey, "d1")
    const of = `assetId=${registered.assetId}`
    const set = (query: string, value: unknown = 30.5) =>
      post(`commands?action=setMeasurepoint&${of}&measurepointId=limit${query}`, { value })
    assert.strictEqual(await codeOf(set("")), 11_888)
    const device = await connected(registered, ({ method }) =>
      method.endsWith("fail") ? { code: 2001, message: "no power" } : { code: 200, data: { outcome: 7 } }
    )
    const instant = await whileAwake(device, set("&timeout=20"))
    assert.deepStrictEqual([instant.code, instant.data.outputData], [0, { outcome: 7 }])
    const invoke = (service: string) =>
      post(`commands?action=invokeService&${of}&serviceId=${service}&timeout=20`, { inputData: { level: 1 } })
    const invoked = await whileAwake(device, invoke("reset"))
    assert.deepStrictEqual([invoked.code, invoked.data.outputData], [0, { outcome: 7 }])
    const refused = await whileAwake(device, invoke("fail"))
    assert.deepStrictEqual(
      [refused.code, refused.msg, refused.link],
      [2001, "no power", "/refusals#command-refused-by-device"]
    )
    const mistyped = await set("&timeout=20", "warm")
    assert.strictEqual(mistyped.code, 99_400)
    assert.include(mistyped.msg, 'measurepoints.limit: expected a number that a 64-bit float holds, got "warm"')
    assert.include((await invoke("explode")).msg, "services.explode: expected one of the model's services")
    const unfetched = await set("&timeout=1")
    assert.strictEqual(unfetched.code, 11_904)
    assert.isString(unfetched.data.commandId)

    await device.close()
    // Until its goodbye has arrived the device counts as awake, and a command waits for it as long as it may.
    await eventually(
      () => set("&timeout=1"),
      ({ code }) => code === 11_900
    )
    const { commandId } = await done(set("&pendingTtl=600&timeout=10", 31))
    const command = await done(get(`commands?action=get&commandId=${commandId}`))
    assert.deepStrictEqual(
      [
        command.state,
        command.commandType,
        command.pendingTtl,
        command.timeout,
        command.tslIdentifier,
        command.inputData
      ],
      [1, 1, 600, 10, "limit", '{"limit":31}']
    )
    assert.strictEqual(command.assetId, registered.assetId)
    await done(set("&pendingTtl=600"))
    await done(set("&pendingTtl=600"))
    const search = (expression: string) => post(`commands?action=search&${of}`, { expression })
    assert.strictEqual((await search("state = 1")).pagination.totalSize, 3)
    assert.strictEqual(await codeOf(post(`commands?action=cancel&${of}&commandId=${commandId}`)), 0)
    assert.strictEqual((await search("state = 2")).data[0].commandId, commandId)
    assert.strictEqual(await codeOf(post(`commands?action=cancel&${of}&commandId=${commandId}`)), 99_400)
    assert.strictEqual(await codeOf(post(`commands?action=cancel&${of}`)), 0)
    assert.strictEqual((await search("state = 1")).pagination.totalSize, 0)
    assert.strictEqual((await search("state in (5, 6)")).pagination.totalSize >= 3, true)
    assert.strictEqual(await codeOf(get("commands?action=get&commandId=none")), 99_404)
    assert.strictEqual(await codeOf(set("&pendingTtl=172801")), 99_400)
  })

  it("refuses what a device can't take: a full queue, a form that its product does not have, a device that is disabled", async () => {
    const productKey = await newProduct()
    const registered = await newDevice(productKey, "d1")
    const device = await connected(registered, () => ({ code: 200, data: {} }))
    await device.close()
    const set = (assetId: string) =>
      post(`commands?action=setMeasurepoint&assetId=${assetId}&measurepointId=limit&pendingTtl=600`, { value: 1 })
    for (let i = 0; i < 50; i++) await done(set(registered.assetId))
    assert.strictEqual(await codeOf(set(registered.assetId)), 11_902)
    await done(post(`devices?action=disable&assetId=${registered.assetId}`))
    assert.strictEqual(await codeOf(set(registered.assetId)), 11_723)

    const custom = await newDevice(await newProduct({ dataFormat: "Custom" }), "d1")
    const { deviceSecret, ...keys } = custom
    const raw = new Device({ host: "127.0.0.1", port: roost.udpPort, ...keys })
    await raw.connect(deviceSecret)
    await eventually(
      () => set(custom.assetId),
      ({ code }) => code === 11_810
    )
    await raw.close()
  })

  it("is not there unless it is switched on", async () => {
    await using plain = await RoostProcesses.start()
    const response = await fetch(`${plain.registryUrl}/connect-service/v2.1/products?action=get&productKey=a`, {
      headers: { "apim-accesstoken": plain.token }
    })
    assert.strictEqual(response.status, 404)
  }, 120_000)
})
