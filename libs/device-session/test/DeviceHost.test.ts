import { assert, describe, it } from "@effect/vitest"
import { found } from "./support/Answers.ts"
import { post } from "./support/DeviceRequests.ts"
import { World } from "./support/World.ts"

describe("DeviceHost", () => {
  it("measures each stage of a handshake", () => {
    const world = new World()
    const times: Array<readonly [stage: string, seconds: number]> = []
    world.host.counters.verified = { observe: (seconds) => times.push(["verify", seconds]) }
    world.host.counters.established = { observe: (seconds) => times.push(["store", seconds]) }
    // Time goes by as soon as the key is there, while the session is being stored.
    world.psk = (deviceKey) => {
      world.now += 40
      return found(`secret of ${deviceKey}`)
    }
    world.device("dev1", 1000).connect()
    assert.deepStrictEqual(times, [
      ["verify", 0],
      ["store", 0.04]
    ])
  })

  it("forgets handshakes that never finish (D14)", () => {
    const world = new World({ handshakesMax: 50 })
    for (let i = 0; i < 200; i++) world.device(`dev${i}`, 2000 + i, { secret: "wrong" }).connect()
    assert.strictEqual(world.host.gauges.handshakes, 50)
    world.pass(180_000)
    assert.strictEqual(world.host.gauges.handshakes, 0)
    assert.isTrue(world.device("good", 1000).connect().connected)
  })

  it("keeps nothing of a device that fell silent for good (R4)", () => {
    const world = new World({ sessionIdleMillisMax: 3_600_000 })
    for (let i = 0; i < 100; i++) post(world.device(`dev${i}`, 2000 + i).connect())
    assert.strictEqual(world.host.gauges.devices, 100)
    for (let i = 0; i < 80; i++) world.pass(60_000)
    assert.deepStrictEqual(world.host.gauges, {
      devices: 0,
      online: 0,
      handshakes: 0,
      commands: 0,
      timers: 0,
      inFlight: 0,
      partitions: 512,
      loading: 0,
      saving: 0
    })
    assert.strictEqual(world.store.entries.size, 0, "the bucket neither")
  })
})
