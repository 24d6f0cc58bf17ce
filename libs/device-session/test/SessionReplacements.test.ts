import { assert, describe, it } from "@effect/vitest"
import { replacementsMax } from "../src/handshakes/SessionReplacements.ts"
import { World } from "./support/World.ts"

const replaced = (world: World) => world.events.filter(({ kind }) => kind === "session-replaced")
const connect = (world: World, port: number) => {
  world.now += 5_000
  return world.device("dev1", port).connect()
}

describe("a session that is replaced from another address", () => {
  it("is told with both addresses and how long the former one was silent", () => {
    const world = new World()
    connect(world, 1000)
    connect(world, 2000)
    const [told] = replaced(world)
    assert.deepInclude(told, { deviceKey: "dev1", address: "192.0.2.1:2000" })
    assert.match(
      told!.reason,
      /from 192\.0\.2\.1:1000, last heard of 5 s before, .* from 192\.0\.2\.1:2000 with the same secret/
    )
    assert.match(told!.reason, /Likely the device started anew/)
  })

  it("back and forth: two devices have one identity", () => {
    const world = new World()
    for (const port of [1000, 2000, 1000]) connect(world, port)
    assert.match(
      replaced(world).at(-1)!.reason,
      /A session from 192\.0\.2\.1:1000 had been replaced before.*two devices have one identity/
    )
    assert.match(replaced(world).at(-1)!.reason, /rotate-secret/)
  })

  it("again and again from new ports: the same", () => {
    const world = new World()
    for (let i = 0; i <= replacementsMax; i++) connect(world, 1000 + i)
    const reasons = replaced(world).map(({ reason }) => /two devices have one identity, such as/.test(reason))
    assert.deepStrictEqual(reasons, [...Array.from({ length: replacementsMax - 1 }, () => false), true])
  })

  it("is not one that ended, that comes from its own address, or that resumed", () => {
    const world = new World()
    connect(world, 1000)
    connect(world, 1000)
    assert.isEmpty(replaced(world))
    world.pass(120_000)
    connect(world, 2000)
    assert.isEmpty(replaced(world))
  })
})
