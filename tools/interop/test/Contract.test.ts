import { Device, LinkError } from "@roost/device"
import { TLS_PSK_WITH_AES_128_CBC_SHA256, TLS_PSK_WITH_AES_128_CCM_8 } from "@roost/dtls"
import { pskFromSecret } from "@roost/enos"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type CoapClientBuild, coapClient } from "../src/CoapClient.ts"
import { createDevice, createProduct, measurepointPost, secretFor, type TestDevice } from "../src/Fixtures.ts"
import { eventually, RoostProcesses } from "@roost/testkit"

// The contract page, end to end: four processes, a real nats-server, libcoap's client and our own device.

let roost: RoostProcesses
const product = "pkContract"
let productSecret = ""

beforeAll(async () => {
  roost = await RoostProcesses.start()
  productSecret = (await createProduct(roost, product, { dynamicActivateEnabled: true })).productSecret
})
afterAll(() => roost?.[Symbol.asyncDispose]())

const builds: ReadonlyArray<CoapClientBuild> = ["openssl", "gnutls"]
const { identity: _, ...none } = { identity: "" }
const ask = (device: TestDevice, build: CoapClientBuild, path: string, more: object = none) =>
  coapClient({ build, port: roost.udpPort, identity: device.identity, psk: device.psk, path, ...more })
const post = (
  device: TestDevice,
  build: CoapClientBuild,
  path: string,
  payload: string | Uint8Array,
  more: object = none
) => ask(device, build, path, { method: "post", payload, ...more })
const command = (device: TestDevice, path: string, body: unknown) =>
  roost.downlink("POST", `/v1/products/${device.productKey}/devices/${device.deviceKey}/${path}`, body)
const stateOf = async (commandId: string) => (await roost.downlink("GET", `/v1/commands/${commandId}`)).body
const statusOf = async (device: TestDevice) =>
  (await roost.registry("GET", `/v1/products/${device.productKey}/devices/${device.deviceKey}`)).body
const eventsOf = async (device: TestDevice): Promise<ReadonlyArray<{ kind: string; reason: string }>> =>
  (await roost.registry("GET", `/v1/products/${device.productKey}/devices/${device.deviceKey}/events`)).body.events

for (const build of builds) {
  describe(`coap-client over ${build}`, () => {
    it("posts and gets 2.04 with the EnOS reply (S112)", async () => {
      const device = await createDevice(roost, product, `post-${build}`)
      const response = await post(device, build, device.path("thing/measurepoint/post"), measurepointPost("77"))
      assert.strictEqual(response.code, "2.04", response.log)
      assert.strictEqual(response.payload.toString(), `{"id":"77","code":200,"data":{}}`)
      assert.isUndefined(response.announced)
    })

    it("uplink → Option 2100 → GET → reply → command succeeded (S113–S116)", async () => {
      const device = await createDevice(roost, product, `cmd-${build}`)
      await post(device, build, device.path("thing/measurepoint/post"), measurepointPost("1"))
      const accepted = await command(device, "measurepoints/temp:set", { value: 30.5, pendingTtl: 600 })
      assert.strictEqual(accepted.status, 202, JSON.stringify(accepted.body))
      const { commandId } = accepted.body
      const set = device.path("thing/service/measurepoint/set")
      const hinted = await eventually(
        () => post(device, build, device.path("thing/measurepoint/post"), measurepointPost("2")),
        ({ announced }) => announced !== undefined
      )
      assert.strictEqual(hinted.announced, set)
      const fetched = await ask(device, build, set)
      assert.strictEqual(fetched.code, "2.04", fetched.log)
      assert.deepStrictEqual(JSON.parse(fetched.payload.toString()), {
        id: commandId,
        version: "1.0",
        method: "thing.service.measurepoint.set",
        params: { temp: 30.5 }
      })
      const replied = await post(device, build, `${set}_reply`, JSON.stringify({ id: commandId, code: 200, data: {} }))
      assert.strictEqual(replied.code, "2.04")
      const state = await eventually(
        () => stateOf(commandId),
        ({ state }) => state === "succeeded"
      )
      assert.strictEqual(state.code, 200)
      const times = [state.createdAt, state.hintedAt, state.fetchedAt, state.repliedAt, state.finishedAt]
      assert.deepStrictEqual(
        times.toSorted((a, b) => a - b),
        times,
        "created, hinted, fetched, replied, finished"
      )
      assert.strictEqual((await ask(device, build, set)).code, "4.04", "nothing pending (S115)")
    })

    it("passes raw bytes both ways unchanged (S119)", async () => {
      const device = await createDevice(roost, product, `raw-${build}`)
      const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
      const stored = await post(device, build, device.path("thing/model/up_raw"), bytes)
      assert.strictEqual(stored.code, "2.04", stored.log)
      const accepted = await command(device, "raw?pendingTtl=600", bytes)
      assert.strictEqual(accepted.status, 202, JSON.stringify(accepted.body))
      const fetched = await eventually(
        () => ask(device, build, device.path("thing/model/down_raw")),
        ({ code }) => code === "2.04"
      )
      assert.deepStrictEqual([...fetched.payload], [...bytes])
      await post(device, build, device.path("thing/model/down_raw_reply"), Uint8Array.of(1))
      await eventually(
        () => stateOf(accepted.body.commandId),
        ({ state }) => state === "succeeded"
      )
    })

    it("attributes and tags: the device sets, the API reads and changes, the device queries", async () => {
      const device = await createDevice(roost, product, `props-${build}`)
      const say = async (path: string, params: unknown) => {
        const method = path.replaceAll("/", ".")
        const response = await post(
          device,
          build,
          device.path(path),
          JSON.stringify({ id: "1", version: "1.0", method, params })
        )
        assert.strictEqual(response.code, "2.04", response.log)
        return JSON.parse(response.payload.toString())
      }
      const url = `/v1/products/${product}/devices/${device.deviceKey}`
      await say("thing/attribute/update", { attributes: { site: "A1", limits: { high: 80 } } })
      assert.strictEqual((await roost.registry("GET", `${url}/attributes`)).body.limits.value.high, 80)
      const changed = await roost.registry("PATCH", `${url}/attributes`, { site: null, floor: 3 })
      assert.strictEqual(changed.status, 200, JSON.stringify(changed.body))
      const queried = await say("thing/attribute/query", { attributes: [] })
      assert.deepStrictEqual(queried, { id: "1", code: 200, data: { floor: 3, limits: { high: 80 } } })
      await say("thing/tag/update", [{ tagKey: "zone", tagValue: "north" }])
      assert.deepStrictEqual((await say("thing/tag/query", { tags: ["zone", "none"] })).data, { zone: "north" })
      await say("thing/tag/delete", { tags: ["zone"] })
      assert.deepStrictEqual((await roost.registry("GET", `${url}/tags`)).body, {})
      assert.strictEqual((await roost.registry("PATCH", `${url}/tags`, { "1x": "y" })).status, 400)
      assert.strictEqual((await roost.registry("GET", `/v1/products/${product}/devices/none/tags`)).status, 404)
    })

    it("takes a body of 20 kB in blocks, and gives one (S94, S95)", async () => {
      const device = await createDevice(roost, product, `blocks-${build}`)
      const points = { text: "x".repeat(20_000) }
      const path = device.path("thing/measurepoint/post")
      const stored = await post(device, build, path, measurepointPost("big", points), { block: 512 })
      assert.strictEqual(stored.code, "2.04", stored.log.slice(-2000))
      const accepted = await command(device, "services/update:invoke", {
        inputData: { text: "y".repeat(12_000) },
        pendingTtl: 600
      })
      assert.strictEqual(accepted.status, 202, JSON.stringify(accepted.body))
      const fetched = await eventually(
        () => ask(device, build, device.path("thing/service/update")),
        ({ code }) => code === "2.04"
      )
      assert.strictEqual(JSON.parse(fetched.payload.toString()).params.text.length, 12_000)
    })

    it("answers each wrong request with the contract's code and no payload", async () => {
      const device = await createDevice(roost, product, `codes-${build}`)
      const own = device.path("thing/measurepoint/post")
      const cases: ReadonlyArray<readonly [expected: string, path: string, more: object]> = [
        ["4.00", own, { method: "post", payload: "{bad json" }],
        [
          "4.03",
          `/topic/sys/${product}/other/thing/measurepoint/post`,
          { method: "post", payload: measurepointPost("1") }
        ],
        ["4.04", "/.well-known/core", none],
        ["4.04", device.path("thing/nothing"), none],
        ["4.05", own, { method: "put", payload: measurepointPost("1") }],
        ["4.05", own, none],
        ["4.01", `/topic/ext/session/${product}/${device.deviceKey}/thing/activate/info`, none],
        ["4.02", own, { method: "post", payload: measurepointPost("1"), options: ["9999,x"] }]
      ]
      for (const [expected, path, more] of cases) {
        const response = await ask(device, build, path, more)
        assert.strictEqual(response.code, expected, `${path}\n${response.log}`)
        assert.strictEqual(response.payload.length, 0, `${expected} has a payload`)
      }
    })

    it("answers a NON with a NON (contract §7.19)", async () => {
      const device = await createDevice(roost, product, `non-${build}`)
      const path = device.path("thing/measurepoint/post")
      const response = await post(device, build, path, measurepointPost("1"), { type: "non" })
      assert.match(response.log, /t:NON c:2\.04/)
    })
  })
}

describe("refused handshakes are silence on the air and a sentence for the operator", () => {
  const timing = { initialMillis: 300, maxMillis: 600, transmissionsMax: 3 }
  const attempt = async (deviceKey: string, secret: string, lifetimeSeconds = 300) => {
    const device = new Device({
      host: "127.0.0.1",
      port: roost.udpPort,
      productKey: product,
      deviceKey,
      lifetimeSeconds,
      timing
    })
    try {
      await device.connect(secret)
      return "connected"
    } catch (error) {
      return error instanceof LinkError ? error.by : "another error"
    } finally {
      device.abandon()
    }
  }
  const refusedFor = (device: TestDevice, text: string) =>
    eventually(
      () => eventsOf(device),
      (events) => events.some(({ kind, reason }) => kind === "handshake-refused" && reason.includes(text))
    )

  it("wrong key (F21)", async () => {
    const device = await createDevice(roost, product, "wrong-key")
    assert.strictEqual(await attempt("wrong-key", "not the secret"), "timeout")
    await refusedFor(device, "wrong key")
  })

  it("unknown identity looks the same (F21)", async () => {
    assert.strictEqual(await attempt("nobody", "any"), "timeout")
  })

  for (const lifetime of [29, 86_401]) {
    it(`Lifetime ${lifetime} (F20)`, async () => {
      const device = await createDevice(roost, product, `life-${lifetime}`)
      assert.strictEqual(await attempt(device.deviceKey, device.deviceSecret, lifetime), "timeout")
      await refusedFor(device, "30–86400")
    })
  }

  it("a disabled device, and in again once enabled (R10)", async () => {
    const device = await createDevice(roost, product, "disabled")
    const one = `/v1/products/${product}/devices/disabled`
    assert.strictEqual(await attempt("disabled", device.deviceSecret), "connected")
    assert.strictEqual((await roost.registry("POST", `${one}:disable`)).status, 200)
    await eventually(
      () => attempt("disabled", device.deviceSecret),
      (outcome) => outcome === "timeout"
    )
    // The first may have been under way when the change was heard of, and says so; the next one finds the device disabled.
    assert.strictEqual(await attempt("disabled", device.deviceSecret), "timeout")
    await refusedFor(device, "DeviceDisabled")
    assert.strictEqual((await roost.registry("POST", `${one}:enable`)).status, 200)
    await eventually(
      () => attempt("disabled", device.deviceSecret),
      (outcome) => outcome === "connected"
    )
  })

  it("a live session hears 4.01 once its secret was rotated (R10)", async () => {
    const device = await createDevice(roost, product, "rotated")
    const live = new Device({
      host: "127.0.0.1",
      port: roost.udpPort,
      productKey: product,
      deviceKey: "rotated",
      timing
    })
    await live.connect(device.deviceSecret)
    assert.strictEqual((await live.report({ temp: 1 })).code, 0x44)
    await roost.registry("POST", `/v1/products/${product}/devices/rotated:rotate-secret`, {})
    await eventually(
      () => live.report({ temp: 1 }),
      ({ code }) => code === 0x81
    )
    assert.strictEqual(
      (
        await eventually(
          () => statusOf(device),
          ({ status }) => status === "offline"
        )
      ).status,
      "offline"
    )
    live.abandon()
  })
})

describe("our own device", () => {
  const suites = { ccm8: TLS_PSK_WITH_AES_128_CCM_8, cbc: TLS_PSK_WITH_AES_128_CBC_SHA256 } as const
  const deviceOf = (deviceKey: string, more: object = none) =>
    new Device({ host: "127.0.0.1", port: roost.udpPort, productKey: product, deviceKey, ...more })

  for (const [name, suite] of Object.entries(suites)) {
    it(`activates with the product secret, reconnects with its own, obeys several commands: ${name} (S110–S117)`, async () => {
      const key = `activate-${name}`
      await createDevice(roost, product, key)
      const methods: Array<string> = []
      const device = deviceOf(key, {
        suites: [suite],
        onCommand: ({ method }: { method: string }) => {
          methods.push(method)
          return { code: 200, data: { done: method } }
        }
      })
      const first = await device.activate(productSecret)
      const second = await device.activate(productSecret)
      assert.notStrictEqual(first.deviceSecret, second.deviceSecret, "each new GET issues another secret")
      await device.connect(second.deviceSecret)
      assert.strictEqual((await device.report({ temp: 1 })).code, 0x44)
      const target = { productKey: product, deviceKey: key } as TestDevice
      const accepted = [
        await command(target, "measurepoints/temp:set", { value: 1, pendingTtl: 600 }),
        await command(target, "services/reboot:invoke", { inputData: { delay: 1 }, pendingTtl: 600 }),
        await command(target, "measurepoints:get", { ids: ["temp"], pendingTtl: 600 })
      ]
      for (const { status, body } of accepted) assert.strictEqual(status, 202, JSON.stringify(body))
      await eventually(
        () => device.report({ temp: 2 }).then(() => methods.length),
        (count) => count === 3
      )
      assert.deepStrictEqual(methods, [
        "thing.service.measurepoint.set",
        "thing.service.reboot",
        "thing.service.measurepoint.get"
      ])
      for (const { body } of accepted) {
        await eventually(
          () => stateOf(body.commandId),
          ({ state }) => state === "succeeded"
        )
      }
      // Mode 3 is closed once the device came with its own secret (contract §7.16).
      await eventually(
        () => statusOf(target),
        ({ status }) => status === "online"
      )
      const late = deviceOf(key, { timing: { initialMillis: 200, maxMillis: 400, transmissionsMax: 3 } })
      const refused = await late.activate(productSecret).then(
        () => "issued",
        () => "refused"
      )
      assert.strictEqual(refused, "refused")
      await device.close()
    })
  }

  it("goes on from another port under its connection id, without a handshake (R6)", async () => {
    const { deviceSecret } = await createDevice(roost, product, "moves")
    let handshakes = 0
    const device = deviceOf("moves", {
      onEvent: ({ _tag }: { _tag: string }) => void (_tag === "Connected" && handshakes++)
    })
    await device.connect(deviceSecret)
    for (let i = 0; i < 5; i++) {
      assert.strictEqual((await device.report({ i })).code, 0x44)
      device.rebind()
    }
    assert.strictEqual(handshakes, 1)
    await device.close()
  })

  it("resumes after an abrupt end (S30)", async () => {
    const { deviceSecret } = await createDevice(roost, product, "resumes")
    const resumed: Array<boolean> = []
    const onEvent = (event: { _tag: string; resumed?: boolean }) =>
      void (event._tag === "Connected" && resumed.push(event.resumed!))
    const device = deviceOf("resumes", { resume: true, onEvent })
    await device.connect(deviceSecret)
    // A node that says later than 900 ms that it has the session, on a machine without time for it, costs a full handshake instead.
    while (resumed.length < 20 && !resumed.includes(true)) await device.connect(deviceSecret)
    assert.strictEqual((await device.report({ temp: 1 })).code, 0x44)
    assert.deepStrictEqual([resumed[0], resumed.at(-1)], [false, true])
    await device.close()
  })

  it("goes offline when its Lifetime passed in silence, once, and online by its next record (contract §7.18)", async () => {
    const { deviceSecret } = await createDevice(roost, product, "sleeps")
    const target = { productKey: product, deviceKey: "sleeps" } as TestDevice
    const device = deviceOf("sleeps", { lifetimeSeconds: 30 })
    await device.connect(deviceSecret)
    await eventually(
      () => statusOf(target),
      ({ status }) => status === "online"
    )
    await eventually(
      () => statusOf(target),
      ({ status }) => status === "offline"
    )
    assert.strictEqual((await device.report({ temp: 1 })).code, 0x44)
    await eventually(
      () => statusOf(target),
      ({ status }) => status === "online"
    )
    const events = await eventsOf(target)
    assert.strictEqual(events.filter(({ kind }) => kind === "offline").length, 1)
    await device.close()
  })
})

describe("mode 3", () => {
  it("may do nothing but fetch its secret (C18)", async () => {
    await createDevice(roost, product, "mode3")
    const response = await coapClient({
      build: "gnutls",
      port: roost.udpPort,
      identity: `${product},mode3,3,300`,
      psk: pskFromSecret(secretFor(product)),
      method: "post",
      path: `/topic/sys/${product}/mode3/thing/measurepoint/post`,
      payload: measurepointPost("1")
    })
    assert.strictEqual(response.code, "4.01", response.log)
  })
})
