import { assert, describe, it } from "@effect/vitest"
import { codeOf, post, repeated, sequencesTo } from "./support/traces.ts"
import type { SimulatedDevice } from "./support/SimulatedDevice.ts"
import { World } from "./support/World.ts"

const withCid = { connectionId: new Uint8Array(0) }

/** The device's own retransmission of its last flight, before which the edge hands over what it kept. */
const retransmitFlight = (world: World, device: SimulatedDevice) => {
  world.now += 10_000
  for (const output of device.client.handleTimeout(world.now)) {
    if (output._tag !== "Transmit") continue
    world.repeatHalf(device.peer)
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
          for (let tries = 0; tries < 2 && !device.connected; tries++) retransmitFlight(world, device)
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
    world.repeatHalf(device.peer)
    for (const datagram of device.sent.slice(0, 4)) world.receive(device.peer, datagram)
    world.repeatHalf(device.peer)
    assert.strictEqual(codeOf(post(device)), "2.04")
    const data = sequencesTo(device).filter((sequence) => sequence > 0)
    assert.strictEqual(repeated(data), 0)
  })
})
