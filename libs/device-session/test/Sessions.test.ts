import { OptionNumber } from "@roost/coap"
import { parsePeerAddress } from "@roost/contracts"
import { assert, describe, it } from "@effect/vitest"
import { issue } from "./support/Commands.ts"
import { codeOf, post } from "./support/DeviceRequests.ts"
import { World } from "./support/World.ts"

describe("DeviceHost and sessions", () => {
  it("the newest verified handshake wins; the queue stays, the old session is silent (D22)", () => {
    const world = new World()
    const first = world.device("dev1", 1000).connect()
    issue(world, "c1")
    const second = world.device("dev1", 2000).connect()
    assert.isTrue(second.connected)
    assert.isUndefined(post(first))
    const hinted = post(second)!
    assert.isTrue(hinted.options.some(({ number }) => number === OptionNumber.PendingCommand))
    assert.strictEqual(world.host.gauges.devices, 1)
  })

  it("an old session goes on until the new Finished verified (D19)", () => {
    const world = new World()
    const device = world.device("dev1", 1000, { connectionId: undefined }).connect()
    const intruder = world.device("dev1", 1000, { connectionId: undefined, secret: "wrong" }).connect()
    assert.isFalse(intruder.connected)
    world.move(intruder, 3000)
    world.move(device, 1000)
    assert.strictEqual(codeOf(post(device)), "2.04")
  })

  it("does not answer in a new session what was asked in the old one (C12)", () => {
    const world = new World()
    const first = world.device("dev1", 1000).connect()
    world.storing = "later"
    post(first)
    const second = world.device("dev1", 2000).connect()
    const before = second.received.length
    world.host.handleStored(world.now, world.storeToken, true)
    world.settle()
    assert.strictEqual(second.received.length, before)
    assert.strictEqual(first.responses.length, 0)
  })

  it("the address follows a newer record only: not an older one, not a copy, not a forgery (F14, F15)", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    const elsewhere = parsePeerAddress("203.0.113.9", 9)!
    post(device, "1")
    const copy = device.sent.at(-1)!
    world.receive(elsewhere, copy)
    const forged = copy.slice()
    forged[10]! += 1
    world.receive(elsewhere, forged)
    assert.strictEqual(codeOf(post(device, "2")), "2.04")
    world.move(device, 4000)
    assert.strictEqual(codeOf(post(device, "3")), "2.04", "R6 a newer record moves it")
  })

  it("a session that is gone is said to be unknown, and the handshake goes on as a full one (S30)", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    const session = device.client.session!
    world.store.entries.clear()
    world.takeOver()
    const again = world.device("dev1", 5000, { resume: session }).connect()
    assert.isTrue(again.connected)
    assert.strictEqual(world.host.counters.handshakesResumed, 0)
    assert.strictEqual(codeOf(post(again)), "2.04")
  })
})
