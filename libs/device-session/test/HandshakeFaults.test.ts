import { afterEach, assert, describe, it } from "@effect/vitest"
import { FrameReader, FrameWriter } from "@roost/contracts"
import { PendingHandshake, PendingResumption } from "@roost/dtls"
import { mistakenKeys } from "@roost/enos"
import { Handshakes } from "../src/handshakes/Handshakes.ts"
import { HandshakeRefusals } from "../src/host/HandshakeRefusals.ts"
import { SessionTable } from "../src/host/SessionTable.ts"
import { defaultDeviceSessionConfig } from "../src/state/DeviceSessionConfig.ts"
import { sendRecordsApart } from "./support/DeviceRecords.ts"
import { codeOf, post } from "./support/DeviceRequests.ts"
import { World } from "./support/World.ts"

const restores: Array<() => void> = []
afterEach(() => {
  for (const restore of restores.splice(0)) restore()
})

/** The next call of a method throws, of whatever object. */
const plant = <K extends string>(prototype: Record<K, unknown>, name: K): void => {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name)!
  const restore = () => void Object.defineProperty(prototype, name, descriptor)
  restores.push(restore)
  const value = () => {
    restore()
    throw new Error(`planted in ${name}`)
  }
  Object.defineProperty(prototype, name, { configurable: true, value })
}

/** All that `act` has sent to the node arrives in one frame. */
const together = (world: World, act: () => void): void => {
  const { host } = world
  const handle = host.handleFrame.bind(host)
  const writer = new FrameWriter("edge0001")
  host.handleFrame = (_, frame) => {
    const reader = new FrameReader(frame)
    while (reader.next()) writer.add(reader.kind, reader.partition, reader.peer, reader.body)
  }
  act()
  host.handleFrame = handle
  handle(world.now, writer.take())
  world.settle()
}

const told = ({ events, strangers }: World) =>
  [...events, ...strangers].filter(({ kind }) => kind === "actor-fault").map(({ reason }) => reason)

describe("an exception in a handshake", () => {
  for (const name of ["tryPsk", "own", "providePsk", "handleDatagram"] as const) {
    it(`in ${name} costs that handshake alone: others of its frame succeed, and so does the device's next one`, () => {
      const world = new World()
      const devices = ["dev1", "dev2", "dev3"].map((key, i) => world.device(key, 1000 + i))
      // One that lacks its Finished still, so that a datagram of it follows.
      sendRecordsApart(devices[0]!)
      plant(PendingHandshake.prototype as never, name)
      together(world, () => devices.forEach((device) => device.connect()))
      assert.deepStrictEqual(
        devices.map(({ connected }) => connected),
        [false, true, true]
      )
      assert.strictEqual(world.host.counters.handshakeFaults, 1)
      assert.match(told(world)[0]!, new RegExp(`fault of Roost.*planted in ${name}`, "s"))
      assert.strictEqual(world.host.gauges.handshakes, 0)
      assert.isTrue(world.device("dev1", 2000).connect().connected)
    })
  }

  it("while it is admitted costs no device the session that it has", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    plant(SessionTable.prototype as never, "isCidFree")
    assert.isFalse(world.device("dev1", 2000).connect().connected)
    assert.strictEqual(world.host.counters.handshakeFaults, 1)
    assert.strictEqual(codeOf(post(device)), "2.04")
    assert.deepInclude(
      world.events.find(({ kind }) => kind === "actor-fault"),
      { productKey: "pk1", deviceKey: "dev1" }
    )
  })

  it("while its wrong key is looked into is told in place of the mistake", () => {
    const world = new World()
    plant(PendingHandshake.prototype as never, "wouldVerify")
    const [mistake] = mistakenKeys("secret of dev1", "secret of the product", "dev1")
    world.device("dev1", 1000, { psk: mistake!.key }).connect()
    assert.strictEqual(told(world).length, 1)
    assert.isTrue(world.device("dev1", 2000).connect().connected)
  })

  it("when its time is over costs no other handshake its end", () => {
    const world = new World()
    for (const [i, key] of ["dev1", "dev2"].entries()) {
      const device = world.device(key, 1000 + i)
      const transmit = device.transmit.bind(device)
      // Protected records are lost, which are of epoch 1.
      device.transmit = (datagram) => datagram[4] === 0 && transmit(datagram)
      sendRecordsApart(device)
      device.connect()
    }
    assert.strictEqual(world.host.gauges.handshakes, 2)
    plant(HandshakeRefusals.prototype as never, "tell")
    world.pass(defaultDeviceSessionConfig.handshakeMillisMax)
    world.pass(1_000)
    assert.strictEqual(world.host.gauges.handshakes, 0)
    assert.deepStrictEqual(
      world.events.map(({ deviceKey, kind }) => [deviceKey, kind]),
      [
        ["dev1", "actor-fault"],
        ["dev2", "handshake-unfinished"]
      ]
    )
  })

  it("of a device that resumes costs that resumption, and its session stays", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    const session = device.client.session!
    plant(PendingResumption.prototype as never, "handleDatagram")
    world.device("dev1", 2000, { resume: session }).connect()
    assert.strictEqual(world.host.counters.handshakeFaults, 1)
    assert.strictEqual(world.host.counters.handshakesResumed, 0)
    assert.strictEqual(codeOf(post(device)), "2.04")
  })
})

describe("an exception outside of any device and handshake", () => {
  it("costs one entry of its frame, and is told with the address that it came from", () => {
    const world = new World()
    const devices = ["dev1", "dev2"].map((key, i) => world.device(key, 1000 + i).connect())
    plant(Handshakes.prototype as never, "find")
    together(world, () => devices.forEach((device) => post(device)))
    assert.deepStrictEqual(
      devices.map(({ responses }) => responses.length),
      [0, 1]
    )
    assert.strictEqual(world.host.counters.entryFaults, 1)
    assert.match(told(world)[0]!, /planted in find/)
    assert.strictEqual(world.strangers[0]?.address, "192.0.2.1:1000")
  })
})
