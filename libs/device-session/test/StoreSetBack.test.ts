import { assert, describe, it } from "@effect/vitest"
import { seededRandom } from "@roost/random"
import * as Schema from "effect/Schema"
import { recordsPerMillisMax, reservedEnd, restoredSequence } from "../src/state/RestoredSequence.ts"
import { repeated, sequencesTo } from "./support/DeviceRecords.ts"
import { codeOf, post } from "./support/DeviceRequests.ts"
import { World } from "./support/World.ts"

const withCid = { connectionId: new Uint8Array(0) }

/** As `takeOver`, and some time passes in which a node starts and reads the store. */
const takeOver = (world: World, millis = 50) => {
  world.now += millis
  world.takeOver()
}

describe("a store that went back", () => {
  it("seals no record number twice, set back twice to the same copy (trust B1)", () => {
    const world = new World()
    const device = world.device("dev1", 1000, withCid).connect()
    const copy = world.store.copy()
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 700; i++) {
        world.now += 10
        assert.strictEqual(codeOf(post(device, `${round}.${i}`)), "2.04")
      }
      world.store.setBack(copy)
      takeOver(world)
    }
    assert.strictEqual(codeOf(post(device)), "2.04")
    assert.strictEqual(repeated(sequencesTo(device)), 0)
  })

  it("nor under a node that lives on while its store goes back (trust B1)", () => {
    const world = new World({ writeBlockRecords: 8 })
    const device = world.device("dev1", 1000, withCid).connect()
    const copy = world.store.copy()
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 30; i++) {
        world.now += 10
        assert.strictEqual(codeOf(post(device, `${round}.${i}`)), "2.04")
      }
      world.store.setBack(copy)
    }
    takeOver(world)
    assert.strictEqual(codeOf(post(device)), "2.04")
    assert.strictEqual(repeated(sequencesTo(device)), 0)
  })

  it("says of nobody that it is offline whom an owner heard after the last state that came back (trust B1)", () => {
    const world = new World()
    const device = world.device("dev1", 1000, withCid).connect()
    const offline = () => world.presences.filter(({ state }) => state === "offline").length
    world.pass(45_000)
    world.handOver(() => undefined)
    const copy = world.store.copy()
    for (let i = 0; i < 4; i++) {
      world.pass(10_000)
      assert.strictEqual(codeOf(post(device, String(i))), "2.04")
    }
    world.store.setBack(copy)
    takeOver(world)
    world.pass(50_000)
    assert.strictEqual(offline(), 0)
    world.pass(20_000)
    assert.strictEqual(offline(), 1)
  })

  it("nor where the clock is behind the reserved block, or years ahead (trust B1)", () => {
    for (const apart of [-86_400_000, 0, 9 * 365 * 86_400_000]) {
      const world = new World()
      world.random = seededRandom(7)
      const device = world.device("dev1", 1000, withCid).connect()
      post(device)
      const copy = world.store.copy()
      world.wallApart = apart
      for (let round = 0; round < 5; round++) {
        world.store.setBack(copy)
        takeOver(world, 0)
        for (let i = 0; i < 20; i++) post(device, `${round}.${i}`)
      }
      assert.isAbove(sequencesTo(device).length, 20)
      assert.strictEqual(repeated(sequencesTo(device)), 0)
    }
  })

  it.prop(
    "no (key, epoch, number) comes twice, whatever is set back, taken over or stepped (trust B1)",
    [Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 }))],
    ([seed]) => {
      const random = seededRandom(seed)
      const world = new World({ writeBlockRecords: 16 })
      world.random = random
      const device = world.device("dev1", 1000, withCid).connect()
      const copies = [world.store.copy()]
      for (let step = 0; step < 60; step++) {
        const kind = random()
        world.now += Math.floor(random() * 2000)
        if (kind < 0.55) for (let i = 0; i < 1 + random() * 12; i++) post(device, `${step}.${i}`)
        else if (kind < 0.65) copies.push(world.store.copy())
        else if (kind < 0.75) world.store.setBack(copies[Math.floor(random() * copies.length)]!)
        else if (kind < 0.9) takeOver(world, Math.floor(random() * 3000))
        else world.wallApart = Math.floor((random() - 0.5) * 2 * 86_400_000)
      }
      assert.strictEqual(repeated(sequencesTo(device)), 0)
    },
    { arbitrary: { runs: 40 } }
  )

  it("a session that is not ahead of its clock does not get ahead of it (trust B1)", () => {
    const random = seededRandom(1)
    const session = { writeLimit: 1, writeSequence: 1 }
    for (let elapsed = 0; elapsed < 50; elapsed++) {
      for (let burst = 0; burst < 5; burst++) {
        session.writeLimit = reservedEnd(session, 1024, elapsed + random())
        session.writeSequence = session.writeLimit
        assert.isAtMost(session.writeSequence, restoredSequence(0, elapsed + 1, random))
      }
    }
    assert.strictEqual(restoredSequence(1024, 10, random), 10 * recordsPerMillisMax)
    assert.isAtLeast(restoredSequence(1024, 0, random), 1024 + 2 ** 20)
    assert.isAtLeast(restoredSequence(1024, -5000, random), 1024 + 2 ** 20)
  })
})
