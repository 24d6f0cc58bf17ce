import { Code, formatCode, OptionNumber, stringOption } from "@roost/coap"
import { frameStamp, numericCommandId } from "@roost/contracts"
import { assert, describe, it } from "@effect/vitest"
import type { SimulatedDevice } from "./support/SimulatedDevice.ts"
import { issue } from "./support/Commands.ts"
import { World } from "./support/World.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const textOf = (payload: Uint8Array) => new TextDecoder().decode(payload)
const post = (device: SimulatedDevice, name: string, payload: Uint8Array) =>
  device.request({
    code: Code.Post,
    confirmable: true,
    options: `topic/sys/pk1/dev1/${name}`.split("/").map((segment) => stringOption(OptionNumber.UriPath, segment)),
    payload
  })!
const upRaw = "thing/model/up_raw"

/** A device of a raw product whose script says of every byte `b` that the point `b` is 1, and writes messages as they are. */
const rawWorld = () => {
  const world = new World()
  world.host.profiles.put({
    _tag: "Product",
    productKey: "pk1",
    modelId: "m",
    script: { version: 3, source: "the pool's" }
  })
  world.host.profiles.put({
    _tag: "Model",
    version: 1,
    model: {
      modelId: "m",
      attributes: {},
      measurepoints: { p1: { data: { dataType: "INT" } } },
      services: {},
      events: {}
    }
  })
  world.convert = ({ direction, input }) => {
    if (direction === "down") return { _tag: "Converted", bytes: bytes(`down ${textOf(input)}`) }
    if (input[0] === 0xff) return { _tag: "Failed", reason: "Threw", message: "no such frame script.js:7" }
    if (input[0] === 0xee) return { _tag: "Converted", bytes: bytes(`{"id":"9","method":"thing.unknown"}`) }
    if (input[0] === 0xdd) {
      const reply = { id: String(numericCommandId("0".repeat(14) + "000abc")), code: "200", data: { ok: 1 } }
      return { _tag: "Converted", bytes: bytes(JSON.stringify(reply)) }
    }
    const measurepoints = { [`p${input[0]}`]: 1 }
    const method = "thing.measurepoint.post"
    return {
      _tag: "Converted",
      bytes: bytes(JSON.stringify({ id: "9", version: "1.0", method, params: { measurepoints, time: world.now } }))
    }
  }
  return { world, device: world.device("dev1", 1000).connect() }
}

describe("a raw product with a script", () => {
  it("stores what the script made of the bytes, as JSON, and answers with what it makes of the reply (S119)", () => {
    const { device, world } = rawWorld()
    world.stamp = frameStamp(world.now)
    world.sendFields.length = 0
    const response = post(device, upRaw, Uint8Array.of(1))
    assert.strictEqual(formatCode(response.code), "2.04")
    assert.deepStrictEqual(world.sendFields, [world.stamp], "the edge measures it, too")
    assert.strictEqual(textOf(response.payload), `down {"id":"9","code":200,"data":""}`)
    const [uplink] = world.uplinks
    assert.strictEqual(uplink?.kind, "measurepoint")
    assert.strictEqual(uplink?.method, "thing.measurepoint.post")
    assert.strictEqual(uplink?.topic, "/sys/pk1/dev1/thing/measurepoint/post")
    assert.deepStrictEqual(JSON.parse(textOf(uplink!.payload)).params.measurepoints, { p1: 1 })
    assert.deepStrictEqual(
      world.scriptCalls.map(({ direction, script }) => [direction, script.version]),
      [
        ["up", 3],
        ["down", 3]
      ]
    )
  })

  it("1204 judges it by the model, and the device hears that through the script, too", () => {
    const { device, world } = rawWorld()
    const response = post(device, upRaw, Uint8Array.of(2))
    assert.strictEqual(formatCode(response.code), "2.04")
    assert.match(textOf(response.payload), /^down .*"code":1204/)
    assert.isEmpty(world.uplinks)
  })

  it("is told 4.00 for bytes that its script can't read, the operator the reason, and nothing is stored", () => {
    const { device, world } = rawWorld()
    assert.strictEqual(formatCode(post(device, upRaw, Uint8Array.of(0xff, 1)).code), "4.00")
    assert.strictEqual(world.events.at(-1)?.kind, "script-failed")
    assert.match(
      world.events.at(-1)!.reason,
      /version 3, given 2 bytes ff01, failed: Threw, no such frame script\.js:7\. .*script:test/
    )
    assert.strictEqual(formatCode(post(device, upRaw, Uint8Array.of(0xee)).code), "4.00")
    assert.match(world.events.at(-1)!.reason, /thing\.unknown/)
    world.convert = () => ({ _tag: "Failed", reason: "BadResult", message: "rawDataToJsonStr gave no text" })
    assert.strictEqual(formatCode(post(device, upRaw, Uint8Array.of(1)).code), "4.00")
    assert.isEmpty(world.uplinks)
  })

  for (const reason of [
    "TimeLimit",
    "MemoryLimit",
    "Crashed",
    "NotLoaded",
    "NotDefined",
    "Busy",
    "Suspended"
  ] as const) {
    it(`is told 5.00 when its script fails by ${reason}, which says nothing of the bytes`, () => {
      const { device, world } = rawWorld()
      world.convert = () => ({ _tag: "Failed", reason, message: "…" })
      assert.strictEqual(formatCode(post(device, upRaw, Uint8Array.of(1)).code), "5.00")
      assert.deepInclude(world.events.at(-1), { kind: "script-failed", deviceKey: "dev1" })
      assert.include(world.events.at(-1)!.reason, reason)
    })
  }

  it("has its product told when the script throws for three devices in a row, and not before", () => {
    const { world } = rawWorld()
    const devices = [1, 2, 3, 4].map((i) => world.device(`dev${i}`, 1000 + i).connect())
    const told = () => world.events.filter(({ deviceKey }) => deviceKey === "")
    const send = (i: number, byte: number) => {
      world.now += 1000
      const path = `topic/sys/pk1/dev${i + 1}/${upRaw}`.split("/")
      const options = path.map((segment) => stringOption(OptionNumber.UriPath, segment))
      devices[i]!.request({ code: Code.Post, confirmable: true, options, payload: Uint8Array.of(byte) })
    }
    for (const i of [0, 0, 0, 1]) send(i, 0xff)
    send(2, 1)
    for (const i of [1, 2]) send(i, 0xff)
    assert.isEmpty(told())
    send(3, 0xff)
    assert.deepInclude(told()[0], { productKey: "pk1", kind: "script-throws" })
    assert.match(
      told()[0]!.reason,
      /version 3, .* of 3 devices in a row: dev2, dev3, dev4\. The last time .*no such frame/
    )
  })

  it("is answered without payload when only the answer can't be written: the uplink is stored", () => {
    const { device, world } = rawWorld()
    const { convert } = world
    world.convert = (call) =>
      call.direction === "down" ? { _tag: "Failed", reason: "BadResult", message: "no bytes" } : convert(call)
    const response = post(device, upRaw, Uint8Array.of(1))
    assert.deepStrictEqual([formatCode(response.code), response.payload.length], ["2.04", 0])
    assert.strictEqual(world.uplinks.length, 1)
  })

  it("replies to a command in bytes, by the number that its script was given", () => {
    const { device, world } = rawWorld()
    const topic = "/sys/pk1/dev1/thing/model/down_raw"
    const id = "0".repeat(14) + "000abc"
    const payload = Uint8Array.of(1, 2, 3)
    issue(world, id, { topic, payload, deliveries: 1, deliveredAt: world.now, hinted: true })
    const response = post(device, "thing/model/down_raw_reply", Uint8Array.of(0xdd))
    assert.strictEqual(formatCode(response.code), "2.04")
    const replied = world.commandEvents.find(({ _tag }) => _tag === "Replied")
    assert.deepInclude(replied, { commandId: id, code: 200, data: { ok: 1 } })
  })

  it("has its bytes stored as they are while no script is published", () => {
    const { device, world } = rawWorld()
    world.host.profiles.put({ _tag: "Product", productKey: "pk1", modelId: "m", script: null })
    const response = post(device, upRaw, Uint8Array.of(0xff))
    assert.deepStrictEqual([formatCode(response.code), response.payload.length], ["2.04", 0])
    assert.deepStrictEqual([world.uplinks[0]?.kind, [...world.uplinks[0]!.payload]], ["raw", [0xff]])
    assert.isEmpty(world.scriptCalls)
  })
})
