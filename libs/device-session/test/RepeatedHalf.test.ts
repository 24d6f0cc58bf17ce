import { assert, describe, it } from "@effect/vitest"
import { placeOf } from "@roost/contracts"
import { repeated, retransmit, sequencesTo } from "./support/DeviceRecords.ts"
import { codeOf, post } from "./support/DeviceRequests.ts"
import type { SimulatedDevice } from "./support/SimulatedDevice.ts"
import { World } from "./support/World.ts"

const withCid = { connectionId: new Uint8Array(0) }

/** The device's own retransmission of its last flight, before which the edge hands over what it kept. */
const retransmitFlight = (world: World, device: SimulatedDevice) => {
  world.now += 10_000
  for (const output of device.client.handleTimeout(world.now)) {
    if (output._tag !== "Transmit") continue
    world.repeatHalf()
    device.transmit(output.datagram)
  }
}

describe("a handshake whose owner goes away", () => {
  it("completes at the next owner with the first retransmission, whatever the former one had done (trust F5)", () => {
    for (const fate of ["asked", "stored"] as const) {
      for (const options of [withCid, { connectionId: undefined }]) {
        for (const how of ["killed", "drained"] as const) {
          const world = new World()
          const device = world.device("dev1", 1000, options as typeof withCid)
          if (fate === "asked") world.psk = () => ({ _tag: "Unavailable", reason: "the registry is slow" })
          else world.holdSaved = true
          device.connect()
          assert.isFalse(device.connected)
          world.holdSaved = false
          world.takeOver(fate === "stored" ? "killed" : how)
          world.psk = new World().psk
          retransmitFlight(world, device)
          assert.isTrue(device.connected, `${fate} ${how}`)
          assert.strictEqual(codeOf(post(device)), "2.04")
          assert.strictEqual(repeated(sequencesTo(device)), 0)
        }
      }
    }
  })

  it("a half that is replayed after its session went on repeats no record number (trust F5)", () => {
    const world = new World()
    const device = world.device("dev1", 1000, withCid).connect()
    for (let i = 0; i < 20; i++) post(device, String(i))
    world.takeOver()
    world.repeatHalf()
    for (const datagram of device.sent.slice(0, 4)) world.receive(device.peer, datagram)
    world.repeatHalf()
    assert.strictEqual(codeOf(post(device)), "2.04")
    const data = sequencesTo(device).filter((sequence) => sequence > 0)
    assert.strictEqual(repeated(data), 0)
  })
})

describe("a handshake whose half was lost on its way to the owner", () => {
  /** A device whose key exchange never arrived. */
  const unheard = (world: World, options: object) => {
    const device = world.device("dev1", 1000, options)
    const transmit = device.transmit.bind(device)
    device.transmit = (datagram) => {
      world.loseFrames = device.sent.length === 2
      transmit(datagram)
    }
    device.connect()
    device.transmit = transmit
    world.loseFrames = false
    assert.isFalse(device.connected)
    return device
  }

  for (const options of [withCid, { connectionId: undefined }]) {
    const name = options.connectionId === undefined ? "without a connection id" : "with one"
    it(`completes although an older handshake of its address is under way there, ${name}`, () => {
      const world = new World()
      world.psk = () => ({ _tag: "Unavailable", reason: "the registry is slow" })
      world.device("dev1", 1000, options).connect()
      world.psk = new World().psk
      const device = unheard(world, options)
      retransmitFlight(world, device)
      assert.isTrue(device.connected)
    })

    it(`of which only the confirmation was lost is not begun twice, and is confirmed again, ${name}`, () => {
      const world = new World()
      const device = world.device("dev1", 1000, options).connect()
      const { handshakesStarted } = world.host.counters
      const told = world.routes.length
      world.repeatHalf()
      assert.strictEqual(world.host.counters.handshakesStarted, handshakesStarted)
      assert.isAbove(world.routes.length, told)
      assert.strictEqual(codeOf(post(device)), "2.04")
    })
  }

  it("of a resumption is the one that was answered, and is confirmed again once it is done", () => {
    const world = new World()
    const session = world.device("dev1", 1000, withCid).connect().client.session!
    const device = world.device("dev1", 5000, { ...withCid, resume: session }).connect()
    const told = world.routes.length
    world.repeatHalf()
    assert.isAbove(world.routes.length, told)
    assert.strictEqual(world.host.counters.handshakesResumed, 1)
    assert.strictEqual(codeOf(post(device)), "2.04")
  })
})

describe("a resumption whose owner goes away", () => {
  /** The device, connected as far as it knows; what it sent last went with its owner. */
  const orphaned = (options: object, port: number, how: "killed" | "drained") => {
    const world = new World()
    const session = world.device("dev1", 1000, options).connect().client.session!
    const device = world.device("dev1", port, { ...options, resume: session })
    world.store.reachable = false
    device.connect()
    world.store.reachable = true
    assert.isTrue(device.connected)
    if (how === "killed") world.takeOver()
    else world.handOver(() => undefined, 100)
    return { world, device }
  }

  for (const how of ["killed", "drained"] as const) {
    for (const [name, options] of [
      ["a connection id", withCid],
      ["none", { connectionId: undefined }]
    ] as const) {
      for (const port of [1000, 5000]) {
        it(`counts at the next owner, with ${name}, ${how}, from port ${port}, within two retransmissions (trust F5)`, () => {
          const { device, world } = orphaned(options, port, how)
          world.repeatHalf()
          post(device)
          for (let tries = 0; tries < 2 && device.responses.length === 0; tries++) {
            world.pass(4_000)
            world.repeatHalf()
            retransmit(world, device)
          }
          assert.strictEqual(codeOf(device.responses[0]), "2.04")
          assert.strictEqual(world.uplinks.length, 1)
          // A drained owner that can store it does.
          assert.strictEqual(world.host.counters.handshakesResumed, how === "killed" ? 1 : 0)
          assert.strictEqual(codeOf(post(device, "2")), "2.04")
          const data = sequencesTo(device).filter((sequence) => sequence > 0)
          assert.strictEqual(repeated(data), 0)
        })
      }
    }
  }

  it("whose flight was lost begins anew at the next owner with the device's ClientHello (trust F5)", () => {
    const world = new World()
    const session = world.device("dev1", 1000, withCid).connect().client.session!
    const device = world.device("dev1", 5000, { ...withCid, resume: session })
    world.loseSends = 1
    device.connect()
    assert.isFalse(device.connected)
    world.takeOver()
    retransmitFlight(world, device)
    assert.isTrue(device.connected)
    assert.strictEqual(codeOf(post(device)), "2.04")
    assert.strictEqual(world.host.counters.handshakesResumed, 1)
  })

  it("and which was stored is the session that came from the store, not a second one (trust F5)", () => {
    const world = new World()
    const session = world.device("dev1", 1000, withCid).connect().client.session!
    const device = world.device("dev1", 5000, { ...withCid, resume: session }).connect()
    for (let i = 0; i < 20; i++) post(device, String(i))
    world.takeOver()
    world.repeatHalf()
    for (const datagram of device.sent.slice(0, 4)) world.receive(device.peer, datagram)
    world.repeatHalf()
    assert.strictEqual(codeOf(post(device)), "2.04")
    assert.strictEqual(world.host.counters.handshakesResumed, 0)
    const data = sequencesTo(device).filter((sequence) => sequence > 0)
    assert.strictEqual(repeated(data), 0)
  })
})

describe("a resumption whose edge goes away", () => {
  it("with the device's Finished goes on by the edge that hears its data, which looks like copies to the session before", () => {
    for (const options of [withCid, { connectionId: undefined }] as ReadonlyArray<typeof withCid>) {
      const world = new World()
      const before = world.device("dev1", 1000, options).connect()
      for (let i = 0; i < 20; i++) post(before, String(i))
      const device = world.device("dev1", 1000, { ...options, resume: before.client.session! })
      const transmit = device.transmit.bind(device)
      device.transmit = (datagram) => {
        if (device.sent.length === 2) device.sent.push(datagram)
        else transmit(datagram)
      }
      device.connect()
      assert.isTrue(device.connected)
      world.edgeId = "edge0002"
      // Its first transmission has our flight repeated, waits for its Finished, and is answered.
      post(device, "after")
      assert.strictEqual(codeOf(device.responses[0]), "2.04", options.connectionId === undefined ? "without an id" : "")
      assert.strictEqual(repeated(sequencesTo(device).filter((sequence) => sequence > 0)), 0)
    }
  })
})

describe("a full handshake whose device moved and whose owner goes away", () => {
  it("completes at the next owner, by its connection id (trust F5)", () => {
    const world = new World()
    const device = world.device("dev1", 1000, withCid)
    world.moveBeforeFlight(device, 2000)
    world.psk = () => ({ _tag: "Unavailable", reason: "the registry is slow" })
    device.connect()
    world.takeOver()
    world.psk = new World().psk
    const partition = placeOf("pk1", "dev1").partition
    world.now += 10_000
    for (const output of device.client.handleTimeout(world.now)) {
      if (output._tag !== "Transmit") continue
      world.repeatHalf(partition)
      device.transmit(output.datagram)
    }
    assert.isTrue(device.connected)
    assert.strictEqual(codeOf(post(device)), "2.04")
  })
})
