import { assert, describe, it } from "@effect/vitest"
import { Code } from "@roost/coap"
import { withWallTimes } from "../src/service/WallTimes.ts"
import { pendingCommand } from "./support/Commands.ts"
import { codeOf, own, post, requestOf } from "./support/DeviceRequests.ts"
import { World } from "./support/World.ts"

const hour = 3_600_000
const withCid = { connectionId: new Uint8Array(0), lifetime: 600 }

const command = (world: World, expiresIn: number) =>
  pendingCommand("c1", world.now, { expiresAt: world.now + expiresIn, timeoutMillis: 10_000 })

describe("clocks", () => {
  it("a drained node's devices stay online at an heir whose clock is an hour ahead or behind (trust F8)", () => {
    for (const apart of [hour, -hour]) {
      const world = new World()
      const device = world.device("dev1", 1000, withCid).connect()
      world.pass(300_000)
      assert.strictEqual(codeOf(post(device)), "2.04")
      world.pass(300_000)
      world.wallApart = apart
      world.takeOver("drained")
      world.pass(299_000)
      assert.deepStrictEqual(
        world.presences.map(({ state }) => state),
        ["online"]
      )
      // 600 s after its last record, and not later than a takeover by the same clock would say.
      world.pass(2_000)
      assert.strictEqual(world.presences.at(-1)?.state, "offline")
    }
  })

  it("a sleeper's stored session outlives a takeover by a node with any clock (trust F8)", () => {
    for (const apart of [hour, -hour, 1000 * 24 * hour]) {
      const world = new World()
      const device = world.device("dev1", 1000, withCid).connect()
      world.pass(700_000)
      assert.strictEqual(world.presences.at(-1)?.state, "offline")
      world.wallApart = apart
      world.takeOver()
      world.pass(60_000)
      assert.strictEqual(codeOf(post(device)), "2.04")
      assert.strictEqual(world.host.counters.handshakesStarted, 0)
    }
  })

  it("a command expires by the wall clock as it is, not as it was at the start (trust B5)", () => {
    const world = new World()
    const device = world.device("dev1", 1000, withCid).connect()
    world.host.handleCommand("pk1", "dev1", command(world, 2 * hour))
    const fetch = () => codeOf(device.request(requestOf(Code.Get, own(device, "thing/service/measurepoint/set"))))
    // The host thought that it was two hours later than it is: what it mirrored seemed to expire now.
    world.host.handleClockStep(-3 * hour)
    world.pass(3 * hour)
    assert.strictEqual(fetch(), "2.04")
  })

  it("a clock step at runtime ends no Lifetime, and repeats no delivery (trust F8)", () => {
    const world = new World()
    const device = world.device("dev1", 1000, withCid).connect()
    world.host.handleCommand("pk1", "dev1", command(world, 3 * hour))
    const fetch = () => codeOf(device.request(requestOf(Code.Get, own(device, "thing/service/measurepoint/set"))))
    assert.strictEqual(fetch(), "2.04")
    world.wallApart = hour
    world.host.handleClockStep(hour)
    world.pass(9_000)
    assert.isFalse(post(device)?.options.some(({ number }) => number === 2100))
    assert.deepStrictEqual(
      world.presences.map(({ state }) => state),
      ["online"]
    )
  })

  it("what leaves the process has the wall clock's times (trust B5)", () => {
    const seen: Array<number> = []
    const carryOut = withWallTimes(
      (effect) => {
        if ("uplink" in effect) seen.push(effect.uplink.at)
        if ("request" in effect && "at" in effect.request) seen.push(effect.request.at)
        if ("event" in effect) seen.push(effect.event.at)
        if ("presence" in effect) seen.push(effect.presence.at, effect.presence.lastSeenAt)
        return true
      },
      (now) => now + hour
    )
    const at = { at: 1, lastSeenAt: 2 } as never
    carryOut({ _tag: "AskProperties", token: 1, request: at })
    carryOut({ _tag: "StoreUplink", token: 1, uplink: at })
    carryOut({ _tag: "StoreCommandEvent", token: 1, productKey: "pk", deviceKey: "dk", event: at })
    carryOut({ _tag: "Presence", presence: at })
    carryOut({ _tag: "Event", event: at })
    assert.deepStrictEqual(
      seen,
      [1, 1, 1, 1, 2, 1].map((time) => time + hour)
    )
  })
})
