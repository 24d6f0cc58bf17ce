import { assert, describe, it } from "@effect/vitest"
import { FrameKind } from "@roost/contracts"
import { defaultMailLimits } from "@roost/actors"
import { retransmit } from "./support/DeviceRecords.ts"
import { codeOf, post } from "./support/DeviceRequests.ts"
import { World } from "./support/World.ts"

const { expectedMillisMax, perPartitionMax: heldPerPartitionMax } = defaultMailLimits

const lastOf = (device: { readonly responses: ReadonlyArray<{ code: number }> }) => codeOf(device.responses.at(-1))

describe("an entry for a partition that is not served here", () => {
  it("is sent on by a node that gives the partition up, waits at the next owner, and is answered by it", () => {
    const world = new World()
    world.hasOtherNode = true
    const device = world.device("dev1", 1000).connect()
    assert.strictEqual(codeOf(post(device, "1")), "2.04")
    world.handOver(() => assert.isUndefined(post(device, "2")))
    assert.strictEqual(device.responses.length, 2)
    assert.strictEqual(lastOf(device), "2.04")
    assert.strictEqual(world.uplinks.length, 2)
    assert.strictEqual(world.host.counters.handshakesStarted, 0)
  })

  it("waits no longer than a device does: after that it is dropped, and the device's next transmission is answered", () => {
    const world = new World()
    world.hasOtherNode = true
    const device = world.device("dev1", 1000).connect()
    world.handOver(() => assert.isUndefined(post(device, "1")), expectedMillisMax)
    assert.strictEqual(device.responses.length, 0)
    world.now += 5_000
    retransmit(world, device)
    assert.strictEqual(lastOf(device), "2.04")
  })

  it("is sent on for handshakes too, and the next owner goes on with them", () => {
    const world = new World()
    world.hasOtherNode = true
    const device = world.device("dev1", 1000)
    world.handOver(() => void device.connect())
    assert.isTrue(device.connected)
    assert.strictEqual(codeOf(post(device)), "2.04")
  })

  it("is sent on once: two nodes that each believe in the other do not play with it", () => {
    const world = new World()
    world.hasOtherNode = true
    const device = world.device("dev1", 1000).connect()
    for (let partition = 0; partition < 512; partition++) world.host.abandon(partition)
    post(device)
    assert.deepStrictEqual(
      world.forwarded.map(({ kind }) => kind),
      [FrameKind.ForwardedDatagram]
    )
    world.carryForwarded()
    assert.deepStrictEqual(world.forwarded, [])
  })

  it(`waits with ${heldPerPartitionMax} of its partition at most; more are counted and dropped`, () => {
    const world = new World()
    world.hasOtherNode = true
    const device = world.device("dev1", 1000).connect()
    for (let partition = 0; partition < 512; partition++) world.host.abandon(partition)
    post(device)
    const datagram = device.sent.at(-1)!
    for (let i = 1; i < heldPerPartitionMax + 5; i++) device.transmit(datagram)
    assert.strictEqual(world.forwarded.length, heldPerPartitionMax + 5)
    world.carryForwarded()
    assert.strictEqual(world.host.counters.heldDropped, 5)
  })

  it("of which no other owner is known makes the edge doubt its route", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    for (let partition = 0; partition < 512; partition++) world.host.abandon(partition)
    const before = world.doubts
    post(device)
    assert.strictEqual(world.doubts, before + 1)
  })
})
