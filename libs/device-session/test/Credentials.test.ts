import { assert, describe, it } from "@effect/vitest"
import type { PskOutcome } from "../src/state/Outcomes.ts"
import { codeOf, post } from "./support/DeviceRequests.ts"
import { World } from "./support/World.ts"

describe("DeviceHost and credentials", () => {
  it("an unknown device, a disabled one and a wrong key get the same: nothing (F21)", () => {
    const answers = (["UnknownDevice", "DeviceDisabled", undefined] as const).map((reason) => {
      const world = new World()
      if (reason !== undefined) world.psk = () => ({ _tag: "Refused", reason })
      const device = world.device("dev1", 1000, { secret: "wrong" }).connect()
      assert.isFalse(device.connected)
      const told = [...world.events, ...world.strangers]
      assert.strictEqual(told[0]?.kind, "handshake-refused")
      assert.include(told[0]!.reason, reason ?? "wrong key")
      return device.received.map(({ length }) => length)
    })
    assert.deepStrictEqual(answers[0], answers[2])
    assert.deepStrictEqual(answers[1], answers[2])
  })

  it("a changed credential ends what a session may do, at once, with one offline (R10)", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    const change = { productKey: "pk1", deviceKey: "dev1", change: "secret", credentialVersion: 2 } as const
    world.host.handleCredential(world.now, change)
    world.host.handleCredential(world.now, change)
    assert.strictEqual(codeOf(post(device)), "4.01")
    assert.deepStrictEqual(
      world.presences.map(({ state }) => state),
      ["online", "offline"]
    )
  })

  it.each(["asked", "stored"] as const)(
    "R10 a credential that changes while a handshake's key or session is %s ends it in silence, and is kept nowhere",
    (moment) => {
      const world = new World()
      const known = world.psk
      const change = { productKey: "pk1", deviceKey: "dev1", change: "disabled", credentialVersion: 2 } as const
      const disable = () => {
        world.psk = () => ({ _tag: "Refused", reason: "DeviceDisabled" })
        world.host.handleCredential(world.now, change)
      }
      // Its key is in the cache by now.
      const first = world.device("dev1", 1000).connect()
      if (moment === "asked") {
        world.host.handleCredential(world.now, { ...change, change: "secret", credentialVersion: 1 })
        world.psk = (deviceKey) => {
          disable()
          return known(deviceKey)
        }
      } else {
        const write = world.store.write.bind(world.store)
        world.store.write = (...entry) => {
          world.store.write = write
          disable()
          return write(...entry)
        }
      }
      const device = world.device("dev1", 2000).connect()
      assert.isFalse(device.connected)
      assert.include(world.events.at(-1)?.reason, "during its handshake")
      assert.strictEqual(codeOf(post(first)), "4.01")
      assert.isFalse(world.device("dev1", 3000).connect().connected)
      assert.strictEqual(world.store.entries.size, 0)
      world.psk = () => ({ ...(known("dev1") as PskOutcome & { _tag: "Found" }), credentialVersion: 3 })
      assert.isTrue(world.device("dev1", 4000).connect().connected)
    }
  )

  it("what an older notice says of a newer session is nothing (R10)", () => {
    const world = new World()
    const change = { productKey: "pk1", deviceKey: "dev1", change: "disabled", credentialVersion: 1 } as const
    const device = world.device("dev1", 1000).connect()
    world.host.handleCredential(world.now, change)
    assert.strictEqual(codeOf(post(device)), "2.04")
  })
})
