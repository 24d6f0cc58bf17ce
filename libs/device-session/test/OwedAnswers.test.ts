import { assert, describe, it } from "@effect/vitest"
import { partitionCount } from "@roost/contracts"
import { codeOf, post } from "./support/DeviceRequests.ts"
import type { SimulatedDevice } from "./support/SimulatedDevice.ts"
import { World } from "./support/World.ts"

/** The owner goes away in one of these ways, and the next one has everything. */
const ways = {
  killed: (world: World) => void world.takeOver(),
  drained: (world: World) => {
    for (let partition = 0; partition < partitionCount; partition++) {
      world.host.release(world.now, partition, () => undefined)
    }
    // The store is not waited for any longer than this.
    world.pass(250)
    world.takeOver()
  },
  abandoned: (world: World) => {
    for (let partition = 0; partition < partitionCount; partition++) world.host.abandon(partition)
    world.takeOver()
  }
} as const

/** A device whose uplink waits for a slow store. */
const waiting = () => {
  const world = new World()
  const device = world.device("dev1", 1000, { lifetime: 3600 }).connect()
  world.storing = "later"
  return { world, device }
}

const answersOf = (device: SimulatedDevice) => device.responses.map(codeOf)

describe("what was acknowledged empty", () => {
  for (const [how, goAway] of Object.entries(ways)) {
    for (const [outcome, code] of [
      ["stored", "2.04"],
      ["lost", "5.00"]
    ] as const) {
      it(`is answered ${code} by the next owner of a device whose owner was ${how}, the uplink ${outcome}, unasked (trust F4)`, () => {
        const { device, world } = waiting()
        const before = device.received.length
        post(device)
        world.pass(4_000)
        assert.strictEqual(device.received.length, before + 1, "the empty ACK")
        if (outcome === "lost") world.uplinks.pop()
        const sent = device.sent.length
        goAway(world)
        assert.deepStrictEqual(answersOf(device), [code])
        // The device said nothing but its ACK, after which nothing is owed any more.
        assert.strictEqual(device.sent.length, sent + 1)
        world.pass(1_000)
        goAway(world)
        world.pass(60_000)
        assert.deepStrictEqual(answersOf(device), [code])
        world.storing = "yes"
        assert.strictEqual(codeOf(post(device, "again")), "2.04")
      })
    }

    it(`is answered as the former owner answered it, which was lost on the way, when that was ${how} (trust F4)`, () => {
      const { device, world } = waiting()
      post(device)
      world.pass(4_000)
      device.deaf = true
      world.host.handleStored(world.now, world.storeToken, true)
      world.settle()
      device.deaf = false
      goAway(world)
      assert.deepStrictEqual(answersOf(device), ["2.04"])
    })
  }

  it("was written down before: no empty ACK goes out while SESSIONS is away (trust F4)", () => {
    const { device, world } = waiting()
    const before = device.received.length
    post(device)
    world.store.reachable = false
    world.pass(4_000)
    world.pass(1_000)
    assert.strictEqual(device.received.length, before)
    world.store.reachable = true
    world.pass(1_000)
    assert.strictEqual(device.received.length, before + 1)
    world.takeOver()
    assert.deepStrictEqual(answersOf(device), ["2.04"])
  })

  it("goes with its ACK if the stream is faster than SESSIONS, and is owed to nobody then (trust F4)", () => {
    const { device, world } = waiting()
    const before = device.received.length
    post(device)
    world.store.full = true
    world.pass(4_000)
    world.host.handleStored(world.now, world.storeToken, true)
    world.settle()
    assert.strictEqual(device.received.length, before + 1)
    assert.deepStrictEqual(answersOf(device), ["2.04"])
    world.store.full = false
    for (let i = 0; i < 10; i++) world.pass(1_000)
    world.takeOver()
    world.pass(60_000)
    assert.deepStrictEqual(answersOf(device), ["2.04"])
    assert.strictEqual(device.received.length, before + 1)
  })

  it("is answered when the streams can be read again, though the device says nothing (trust F4)", () => {
    const { device, world } = waiting()
    post(device)
    world.pass(4_000)
    world.store.reachable = false
    world.takeOver()
    world.pass(5_000)
    assert.deepStrictEqual(answersOf(device), [])
    world.store.reachable = true
    world.pass(1_000)
    world.pass(1_000)
    assert.deepStrictEqual(answersOf(device), ["2.04"])
  })

  it("of several requests each gets its own answer (trust F4)", () => {
    const { device, world } = waiting()
    for (const body of ["1", "2", "3"]) post(device, body)
    // The device sends the next one when the one before was acknowledged.
    for (let i = 0; i < 3; i++) world.pass(4_000)
    world.takeOver()
    for (let i = 0; i < 10; i++) world.pass(1_000)
    // The stream tells the last one of a kind; the device sends the others again.
    assert.deepStrictEqual(answersOf(device).toSorted(), ["2.04", "5.00", "5.00"])
  })
})
