import { assert, describe, it } from "@effect/vitest"
import { found } from "./support/Answers.ts"
import { codeOf, post } from "./support/DeviceRequests.ts"
import { World } from "./support/World.ts"

describe("DeviceHost and presence", () => {
  it("goes offline once after Lifetime of silence, to the tick, and online by the next record (contract §7.18, C21)", () => {
    const world = new World()
    const device = world.device("dev1", 1000, { lifetime: 60 }).connect()
    world.pass(59_900)
    assert.deepStrictEqual(
      world.presences.map(({ state }) => state),
      ["online"]
    )
    world.pass(200)
    world.pass(600_000)
    assert.deepStrictEqual(
      world.presences.map(({ state, cause }) => `${state} ${cause}`),
      ["online handshake", "offline lifetime"]
    )
    assert.strictEqual(codeOf(post(device)), "2.04")
    assert.strictEqual(world.presences.at(-1)?.cause, "record")
  })

  it("a record that does not verify extends no Lifetime (S118, C21)", () => {
    const world = new World()
    const device = world.device("dev1", 1000, { lifetime: 60 }).connect()
    post(device)
    const forged = device.sent.at(-1)!.slice()
    forged[forged.length - 1]! ^= 1
    world.pass(50_000)
    world.receive(device.peer, forged)
    world.receive(device.peer, Uint8Array.of(0))
    world.pass(11_000)
    assert.strictEqual(world.presences.at(-1)?.state, "offline")
  })

  it("close_notify makes a device offline at once where its product says so; the session can still be resumed (S28, trust E15)", () => {
    const world = new World()
    world.psk = (deviceKey) => ({ ...found(`secret of ${deviceKey}`), closeNotify: "offline" })
    const device = world.device("dev1", 1000).connect()
    const session = device.client.session!
    for (const output of device.client.close()) if (output._tag === "Transmit") device.transmit(output.datagram)
    assert.strictEqual(world.presences.at(-1)?.cause, "closeNotify")
    const again = world.device("dev1", 5000, { resume: session }).connect()
    assert.isTrue(again.connected)
    assert.strictEqual(world.host.counters.handshakesResumed, 1)
    assert.strictEqual(codeOf(post(again)), "2.04")
  })

  it("close_notify before each nap is answered, and Lifetime decides, also at the next owner (trust E15)", () => {
    const world = new World()
    let device = world.device("dev1", 1000, { lifetime: 3600 }).connect()
    for (let nap = 0; nap < 3; nap++) {
      const session = device.client.session!
      const before = device.received.length
      for (const output of device.client.close()) if (output._tag === "Transmit") device.transmit(output.datagram)
      assert.strictEqual(device.received.length, before + 1)
      world.pass(600_000)
      if (nap === 1) world.takeOver("killed")
      device = world.device("dev1", 5000 + nap, { lifetime: 3600, resume: session }).connect()
      assert.isTrue(device.connected)
      assert.strictEqual(codeOf(post(device, String(nap))), "2.04")
    }
    assert.deepStrictEqual(new Set(world.presences.map(({ state }) => state)), new Set(["online"]))
    for (const output of device.client.close()) if (output._tag === "Transmit") device.transmit(output.datagram)
    world.pass(3_599_000)
    assert.strictEqual(world.presences.at(-1)?.state, "online")
    world.pass(2_000)
    assert.deepInclude(world.presences.at(-1), { state: "offline", cause: "lifetime" })
  })

  it("counts no silence of a time in which nobody could be heard: a whole Lifetime begins when it serves again (R9)", () => {
    const world = new World()
    world.device("dev1", 1000, { lifetime: 30 }).connect()
    world.now += 45_000
    world.host.resume(world.now)
    world.pass(100)
    world.pass(29_800)
    assert.strictEqual(world.presences.at(-1)?.state, "online")
    world.pass(200)
    assert.strictEqual(world.presences.at(-1)?.cause, "lifetime")
    world.pass(60_000)
    assert.strictEqual(world.presences.length, 2)
  })
})
