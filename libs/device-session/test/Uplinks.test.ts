import { Code } from "@roost/coap"
import { frameStamp, placeOf } from "@roost/contracts"
import { assert, describe, it } from "@effect/vitest"
import { found } from "./support/Answers.ts"
import { codeOf, own, post, requestOf } from "./support/DeviceRequests.ts"
import { World } from "./support/World.ts"

describe("DeviceHost and uplinks", () => {
  it("acknowledges an uplink after it is stored, and not before", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    world.storing = "later"
    assert.isUndefined(post(device))
    assert.strictEqual(world.uplinks.length, 1)
    world.host.handleStored(world.now, world.storeToken, true)
    world.settle()
    assert.strictEqual(codeOf(device.responses[0]), "2.04")
  })

  it("gives the frame's stamp back with the 2.04 of an uplink alone", () => {
    const world = new World()
    world.stamp = frameStamp(world.now)
    const device = world.device("dev1", 1000).connect()
    const { partition } = placeOf("pk1", "dev1")
    world.sendFields.length = 0
    post(device)
    assert.deepStrictEqual(world.sendFields.splice(0), [world.stamp])
    device.request(requestOf(Code.Get, own(device, "thing/service/measurepoint/set")))
    world.storing = "later"
    post(device, "2")
    world.pass(4100)
    assert.deepStrictEqual(world.sendFields.splice(0), [partition, partition], "4.04 and the empty ACK")
    world.host.handleStored(world.now, world.storeToken, true)
    world.settle()
    assert.deepStrictEqual(world.sendFields.splice(0), [world.stamp], "the separate response")
    world.stamp = 0
    world.storing = "yes"
    post(device, "3")
    assert.deepStrictEqual(world.sendFields, [partition])
  })

  it("answers 5.00 when the store does not take it, and pretends nothing", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    world.storing = "no"
    assert.strictEqual(codeOf(post(device)), "5.00")
    world.storing = "later"
    post(device)
    world.host.handleStored(world.now, world.storeToken, false)
    world.settle()
    assert.strictEqual(codeOf(device.responses[1]), "5.00")
  })

  it("sends an empty ACK and a separate response when the store is slow (S69)", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    world.storing = "later"
    post(device)
    const before = device.received.length
    world.pass(4100)
    assert.strictEqual(device.received.length, before + 1, "the empty ACK")
    world.host.handleStored(world.now, world.storeToken, true)
    world.settle()
    assert.strictEqual(codeOf(device.responses[0]), "2.04")
  })

  it("stores a repeated record or message once (C7)", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    post(device)
    const record = device.sent.at(-1)!
    for (let i = 0; i < 3; i++) world.receive(device.peer, record)
    assert.strictEqual(world.uplinks.length, 1)
    assert.strictEqual(world.host.counters.recordsDropped.get("Replay"), 3)
  })

  it.each([
    [undefined, 3_900, 4_200],
    [0, 0, 200],
    [9_000, 8_900, 9_200]
  ])(
    "a product's piggybackMillis of %s lets answers go with their ACK until then (trust E14)",
    (piggybackMillis, fits, late) => {
      for (const [waitMillis, messages] of [
        [fits, 1],
        [late, 2]
      ] as const) {
        const world = new World()
        world.psk = (deviceKey) => ({
          ...found(`secret of ${deviceKey}`),
          ...(piggybackMillis === undefined ? {} : { piggybackMillis })
        })
        const device = world.device("dev1", 1000, { lifetime: 3600 }).connect()
        world.storing = "later"
        const before = device.received.length
        post(device)
        if (waitMillis > 0) world.pass(waitMillis)
        world.host.handleStored(world.now, world.storeToken, true)
        world.settle()
        assert.strictEqual(device.received.length - before, messages)
        assert.strictEqual(codeOf(device.responses[0]), "2.04")
      }
    }
  )

  it("one device that floods gets 4.29, its neighbour 2.04 (C20)", () => {
    const world = new World({ requestsPerSecondMax: 5, requestsBurstMax: 5 })
    const flood = world.device("dev1", 1000).connect()
    const neighbour = world.device("dev2", 2000).connect()
    const codes = Array.from({ length: 8 }, (_, i) => codeOf(post(flood, String(i))))
    assert.deepStrictEqual(codes.slice(4), ["2.04", "4.29", "4.29", "4.29"])
    assert.strictEqual(codeOf(post(neighbour)), "2.04")
  })
})
