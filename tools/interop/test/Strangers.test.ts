import { Device } from "@roost/device"
import { eventually, RoostProcesses } from "@roost/testkit"
import { createSocket } from "node:dgram"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { coapClient } from "../src/CoapClient.ts"
import { createDevice, createProduct, measurepointPost } from "../src/Fixtures.ts"
import { KnockingClient } from "../src/KnockingClient.ts"

// Operators find the peers that name no registered device, while registered devices notice nothing of them.

let roost: RoostProcesses
const product = "pkDoor"

beforeAll(async () => {
  roost = await RoostProcesses.start()
  await createProduct(roost, product)
})
afterAll(() => roost?.[Symbol.asyncDispose]())

interface Told {
  readonly id: number
  readonly kind: string
  readonly address: string
  readonly identity?: string
  readonly reason: string
  readonly times?: number
}

const strangers = async (query = ""): Promise<ReadonlyArray<Told>> =>
  (await roost.registry("GET", `/v1/strangers?limit=200${query}`)).body.strangers

/** Somebody with a key that is nobody's. */
const strangerOf = (identity: string): KnockingClient =>
  new KnockingClient({ port: roost.udpPort, identity: bytesOf(identity), psk: new Uint8Array(16).fill(9) })

const bytesOf = (text: string) => new TextEncoder().encode(text)

describe("strangers", () => {
  it("are found by address and by identity, a registered device's refusals under the device (trust A1)", async () => {
    const device = await createDevice(roost, product, "meter-1")
    using unknown = strangerOf(`${product},nobody,2,300`)
    using wrongKey = strangerOf(device.identity)
    const address = await unknown.knock()
    await wrongKey.knock()
    const [found] = await eventually(
      () => strangers(`&address=${address}`),
      (list) => list.length > 0
    )
    assert.strictEqual(found?.identity, `${product},nobody,2,300`)
    assert.include(found?.reason, "UnknownDevice")
    assert.deepStrictEqual(await strangers(`&identity=${product},nobody`), await strangers(`&address=${address}`))
    const events = `/v1/products/${product}/devices/meter-1/events`
    await eventually(
      async () => (await roost.registry("GET", events)).body.events as ReadonlyArray<Told>,
      (list) => list.some(({ kind, reason }) => kind === "handshake-refused" && reason.includes("wrong key"))
    )
    assert.lengthOf(await strangers(`&identity=${product},meter-1`), 0)
    const missing = await roost.registry("GET", `/v1/products/${product}/devices/nobody/events`)
    assert.deepInclude([missing.status, missing.body.detail.includes("/v1/strangers?identity=")], true)
  })

  it("of a flood are told at most 20 a second, and presence does not wait behind them (trust A1)", async () => {
    const flood = Array.from({ length: 300 }, (_, i) => strangerOf(`pkFlood,made-up-${i},2,300`))
    const since = Date.now()
    for (const stranger of flood) await stranger.knock()
    const device = await createDevice(roost, product, "meter-2")
    const good = new Device({ host: "127.0.0.1", port: roost.udpPort, productKey: product, deviceKey: "meter-2" })
    await good.connect(device.deviceSecret)
    await eventually(
      async () => (await roost.registry("GET", `/v1/products/${product}/devices/meter-2`)).body.status,
      (status) => status === "online"
    )
    await eventually(
      () => strangers(),
      (list) => list.some(({ kind, times = 0 }) => kind === "not-told" && times > 0)
    )
    const told = (await strangers("&identity=pkFlood")).filter(({ kind }) => kind !== "not-told")
    assert.isAtMost(told.length, 20 * Math.ceil((Date.now() - since) / 1000))
    assert.isAtLeast(told.length, 1)
    await good.close()
    for (const stranger of flood) stranger[Symbol.dispose]()
  })

  for (const [text, shown] of [
    ['"pkQuoted,dev1,2,60"', String.raw`\"pkQuoted,dev1,2,60\"`],
    ["pkBlank, dev1,2,60", "pkBlank, dev1,2,60"],
    ["pkFive,dev1,2,60,x", "pkFive,dev1,2,60,x"],
    ["pkSemi;dev1;2;60", "pkSemi;dev1;2;60"],
    ["\0pkNul,dev1,2,60", String.raw`\x00pkNul,dev1,2,60`]
  ] as const) {
    it(`with the identity ${JSON.stringify(text)} are found with the text quoted (trust E21)`, async () => {
      using stranger = strangerOf(text)
      const address = await stranger.knock()
      const [found] = await eventually(
        () => strangers(`&address=${address}`),
        (list) => list.length > 0
      )
      assert.strictEqual(found?.identity, shown)
      assert.include(found?.reason, "Send {ProductKey},{DeviceKey},{SecureMode},{Lifetime}")
    })
  }

  it("that an edge drops are found too, and a device that is served is not among them (trust A7)", async () => {
    const socket = createSocket("udp4")
    await new Promise<void>((bound) => socket.bind(0, "127.0.0.1", bound))
    socket.send(Uint8Array.from([0x40, 1, 0x12, 0x34, 0xbb]), roost.udpPort, "127.0.0.1")
    const [found] = await eventually(
      () => strangers(`&address=127.0.0.1:${socket.address().port}`),
      (list) => list.length > 0
    )
    assert.include(found?.reason, "coaps://")
    socket.close()
    const device = await createDevice(roost, product, "meter-3")
    const path = device.path("thing/measurepoint/post")
    const { identity, psk } = device
    const answer = await coapClient({
      build: "openssl",
      port: roost.udpPort,
      identity,
      psk,
      path,
      method: "post",
      payload: measurepointPost("1")
    })
    assert.strictEqual(answer.code, "2.04")
    assert.lengthOf(await strangers(`&identity=${product},meter-3`), 0)
  })
})
