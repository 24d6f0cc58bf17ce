import { Code, OptionNumber } from "@roost/coap"
import { assert, describe, it } from "@effect/vitest"
import { issue } from "./support/Commands.ts"
import { retransmit } from "./support/DeviceRecords.ts"
import { codeOf, own, post, requestOf } from "./support/DeviceRequests.ts"
import { World } from "./support/World.ts"

describe("DeviceHost and commands", () => {
  it("announces, hands out, takes the reply, and a GET with nothing pending is 4.04 (S113–S116)", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    const set = own(device, "thing/service/measurepoint/set")
    issue(world, "c1")
    const hinted = post(device)!
    const option = hinted.options.find(({ number }) => number === OptionNumber.PendingCommand)
    assert.strictEqual(new TextDecoder().decode(option!.value), `/${set}`)
    // Announced again, told once: an uplink costs no message more for a command that waits.
    assert.isTrue(post(device)!.options.some(({ number }) => number === OptionNumber.PendingCommand))
    const fetched = device.request(requestOf(Code.Get, set))!
    assert.strictEqual(new TextDecoder().decode(fetched.payload), `{"id":"c1"}`)
    assert.strictEqual(codeOf(device.request(requestOf(Code.Post, `${set}_reply`, `{"id":"c1","code":200}`))), "2.04")
    assert.deepStrictEqual(
      world.commandEvents.map(({ _tag }) => _tag),
      ["Hinted", "Fetched", "Replied"]
    )
    assert.strictEqual(codeOf(device.request(requestOf(Code.Get, set))), "4.04")
  })

  it("hands the same command out again to a device that lost the answer (C9)", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    issue(world, "c1")
    const set = own(device, "thing/service/measurepoint/set")
    device.deaf = true
    assert.isUndefined(device.request(requestOf(Code.Get, set)))
    device.deaf = false
    world.pass(3000)
    retransmit(world, device)
    assert.strictEqual(new TextDecoder().decode(device.responses[0]!.payload), `{"id":"c1"}`)
    assert.strictEqual(world.commandEvents.length, 1, "a retransmission is no second delivery")
    assert.strictEqual(new TextDecoder().decode(device.request(requestOf(Code.Get, set))!.payload), `{"id":"c1"}`)
  })
})
