import { assert, describe, it } from "@effect/vitest"
import type { CredentialChange } from "@roost/contracts"
import { sendRecordsApart } from "./support/DeviceRecords.ts"
import type { SimulatedDevice } from "./support/SimulatedDevice.ts"
import { found } from "./support/Answers.ts"
import { World } from "./support/World.ts"

const dayMillis = 86_400_000
const away = { _tag: "Unavailable", reason: "the registry did not answer" } as const

/** How often the registry is asked for its key while a device at another address shakes hands, and whether it gets in. */
const handshake = (world: World, port: number, prepare: (device: SimulatedDevice) => void = () => undefined) => {
  world.work = []
  world.mistakesAsked = 0
  const device = world.device("dev1", port)
  prepare(device)
  device.connect()
  const asked = world.work.filter((call) => call === "AskKey").length - world.mistakesAsked
  world.work = undefined
  return { asked, connected: device.connected, device }
}
const known = () => {
  const world = new World()
  assert.deepInclude(handshake(world, 1000), { asked: 1, connected: true })
  return world
}

describe("a device whose key is known", () => {
  it("gets in without a question, its last flight in one datagram or in several", () => {
    const world = known()
    for (let again = 0; again < 5; again++) {
      assert.deepInclude(handshake(world, 2000 + again), { asked: 0, connected: true })
      assert.deepInclude(handshake(world, 3000 + again, sendRecordsApart), { asked: 0, connected: true })
    }
    assert.strictEqual(world.host.counters.handshakesEstablished, 11)
  })

  it("is asked about where its key is another now", () => {
    const world = known()
    world.psk = () => found("a new secret", 2)
    world.work = []
    const device = world.device("dev1", 2000, { secret: "a new secret" }).connect()
    assert.isTrue(device.connected)
    assert.deepStrictEqual(
      world.work.filter((call) => call === "AskKey"),
      ["AskKey"]
    )
    assert.strictEqual(handshake(world, 3000).connected, false)
  })

  it("has a short secret: operators hear of it again", () => {
    const world = new World()
    world.psk = (deviceKey) => ({ ...found(`secret of ${deviceKey}`), secretTooShort: true })
    handshake(world, 1000)
    world.events.length = 0
    world.pass(3_600_000)
    assert.strictEqual(handshake(world, 2000).asked, 0)
    assert.deepInclude(world.events[0], { kind: "secret-too-short", deviceKey: "dev1" })
  })
})

describe("a known key", () => {
  for (const change of ["secret", "disabled", "enabled", "deleted"] satisfies ReadonlyArray<
    CredentialChange["change"]
  >) {
    it(`is forgotten when the credential changes: ${change}`, () => {
      const world = known()
      world.host.handleCredential(world.now, { productKey: "pk1", deviceKey: "dev1", change, credentialVersion: 2 })
      world.psk = () => ({ _tag: "Refused", reason: "DeviceDisabled" })
      assert.deepInclude(handshake(world, 2000), { asked: 1, connected: false })
      world.psk = (deviceKey) => found(`secret of ${deviceKey}`, 2)
      assert.deepInclude(handshake(world, 3000), { asked: 1, connected: true })
    })
  }

  it("is not kept of an answer that a change overtook", () => {
    const world = known()
    const change = { productKey: "pk1", deviceKey: "dev1", change: "secret", credentialVersion: 2 } as const
    world.host.handleCredential(world.now, change)
    world.psk = (deviceKey) => {
      world.host.handleCredential(world.now, { ...change, credentialVersion: 3 })
      return found(`secret of ${deviceKey}`, 2)
    }
    assert.isFalse(handshake(world, 2000).connected)
    world.psk = () => away
    assert.isFalse(handshake(world, 3000).connected)
  })

  it("ends with a change that comes while the session is stored", () => {
    const world = known()
    const write = world.store.write.bind(world.store)
    world.store.write = (...entry) => {
      world.store.write = write
      world.host.handleCredential(world.now, {
        productKey: "pk1",
        deviceKey: "dev1",
        change: "disabled",
        credentialVersion: 2
      })
      return write(...entry)
    }
    assert.deepInclude(handshake(world, 2000), { asked: 0, connected: false })
    assert.strictEqual(world.store.entries.size, 0)
    world.psk = () => ({ _tag: "Refused", reason: "DeviceDisabled" })
    assert.deepInclude(handshake(world, 3000), { asked: 1, connected: false })
  })

  it("is asked for anew once its product changed, and the session has what the product says now", () => {
    const world = known()
    world.psk = (deviceKey) => ({ ...found(`secret of ${deviceKey}`), closeNotify: "offline" })
    world.host.profiles.put({ _tag: "Product", productKey: "pk1", modelId: null }, 7)
    const { asked, device } = handshake(world, 2000)
    assert.strictEqual(asked, 1)
    for (const output of device.client.close()) if (output._tag === "Transmit") device.transmit(output.datagram)
    assert.strictEqual(world.presences.at(-1)?.cause, "closeNotify")
    assert.strictEqual(handshake(world, 3000).asked, 0)
    // The watch reads it again.
    world.host.profiles.put({ _tag: "Product", productKey: "pk1", modelId: null }, 7)
    world.host.profiles.put({ _tag: "Product", productKey: "another", modelId: null }, 8)
    assert.strictEqual(handshake(world, 4000).asked, 0)
    world.host.profiles.remove("product.pk1")
    assert.strictEqual(handshake(world, 5000).asked, 1)
    world.host.profiles.put({ _tag: "Product", productKey: "pk1", modelId: null }, 9)
    world.host.profiles.remove("product.pk1")
    assert.strictEqual(handshake(world, 6000).asked, 1)
  })

  it("is asked for anew where the product changed while the answer was on its way", () => {
    const world = new World()
    world.psk = (deviceKey) => {
      world.host.profiles.put({ _tag: "Product", productKey: "pk1", modelId: null }, 7)
      return found(`secret of ${deviceKey}`)
    }
    handshake(world, 1000)
    world.psk = new World().psk
    assert.strictEqual(handshake(world, 2000).asked, 1)
    assert.strictEqual(handshake(world, 3000).asked, 0)
  })

  it("is asked for anew after two days at most", () => {
    const world = known()
    world.now += dayMillis
    assert.strictEqual(handshake(world, 2000).asked, 0)
    world.now += dayMillis
    assert.strictEqual(handshake(world, 3000).asked, 1)
    assert.strictEqual(handshake(world, 4000).asked, 0)
  })

  it("does not count while changes of credentials are not heard, unless the registry does not answer", () => {
    const world = known()
    world.host.noteCredentialsHeard(false)
    assert.deepInclude(handshake(world, 2000), { asked: 1, connected: true })
    world.psk = () => away
    assert.deepInclude(handshake(world, 3000), { asked: 1, connected: true })
    world.psk = () => ({ _tag: "Refused", reason: "DeviceDisabled" })
    assert.deepInclude(handshake(world, 4000), { asked: 1, connected: false })
    world.host.noteCredentialsHeard(true)
    assert.strictEqual(handshake(world, 5000).asked, 0)
  })

  it("counts however old it is while the registry does not answer", () => {
    const world = known()
    world.psk = () => away
    world.host.profiles.put({ _tag: "Product", productKey: "pk1", modelId: null }, 7)
    for (const [port, prepare] of [
      [2000, () => undefined],
      [3000, sendRecordsApart]
    ] as const) {
      assert.deepInclude(handshake(world, port, prepare), { asked: 1, connected: true })
    }
    world.psk = new World().psk
    assert.strictEqual(handshake(world, 4000).asked, 1)
    assert.strictEqual(handshake(world, 5000).asked, 0)
  })

  it("lets nobody in with the product's secret", () => {
    const world = known()
    world.psk = () => ({ _tag: "Refused", reason: "AlreadyActivated" })
    world.work = []
    const identity = new TextEncoder().encode("pk1,dev1,3,60")
    assert.isFalse(world.device("dev1", 2000, { identity }).connect().connected)
    assert.include(world.work, "AskKey")
  })

  it("goes with the partition to no other node", () => {
    const world = known()
    world.takeOver()
    assert.deepInclude(handshake(world, 2000), { asked: 1, connected: true })
  })
})
