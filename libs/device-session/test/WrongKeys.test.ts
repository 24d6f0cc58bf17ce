import { assert, describe, it } from "@effect/vitest"
import { type CipherSuite, TLS_PSK_WITH_AES_128_CBC_SHA256, TLS_PSK_WITH_AES_128_CCM_8 } from "@roost/dtls"
import { keyMistakes, mistakenKeys } from "@roost/enos"
import { lookedIntoBurstMax } from "../src/handshakes/WrongKeys.ts"
import { World } from "./support/World.ts"

const mistaken = mistakenKeys("secret of dev1", "secret of the product", "dev1")
const askedBy = (world: World) => world.work!.filter((call) => call === "AskKey").length

describe("a wrong key", () => {
  for (const { key, mistake } of mistaken) {
    it(`that comes of a known mistake is told as that: ${mistake}`, () => {
      const world = new World()
      assert.isFalse(world.device("dev1", 1000, { psk: key }).connect().connected)
      assert.lengthOf(world.events, 1)
      assert.deepInclude(world.events[0], { kind: "handshake-refused", deviceKey: "dev1" })
      assert.include(
        world.events[0]!.reason,
        `wrong key: the device's is ${keyMistakes[mistake]}. Expected: bytes 9–24`
      )
    })
  }

  it("is told as that under either suite, and where the records come one by one", () => {
    const suites: ReadonlyArray<CipherSuite> = [TLS_PSK_WITH_AES_128_CCM_8, TLS_PSK_WITH_AES_128_CBC_SHA256]
    for (const suite of suites) {
      const world = new World()
      world.device("dev1", 1000, { psk: mistaken[0]!.key, suites: [suite] }).connect()
      assert.include(world.events[0]!.reason, keyMistakes.firstBytes)
    }
  })

  it("of no known mistake is told as that, and met with silence like all", () => {
    const world = new World()
    const device = world.device("dev1", 1000, { secret: "something else" })
    device.connect()
    assert.match(
      world.events[0]!.reason,
      /^wrong key: the device's secret is not the registered one.*None of \d+ known mistakes/
    )
    // Cookie and ServerHello; nothing answers the Finished.
    const answered = device.received.length
    world.device("dev1", 2000, { psk: mistaken[0]!.key }).connect()
    assert.strictEqual(device.received.length, answered)
  })

  it("of a device that fails again and again is known, and asked about no more", () => {
    const world = new World()
    world.device("dev1", 1000, { psk: mistaken[0]!.key }).connect()
    world.work = []
    world.device("dev1", 1001, { psk: mistaken[0]!.key }).connect()
    assert.strictEqual(askedBy(world), 1)
    for (let i = 0; i < 4; i++) world.pass(5_000)
    assert.isTrue(world.events.every(({ reason }) => reason.includes(keyMistakes.firstBytes)))
  })

  it("that is another one at the next attempt is told as that", () => {
    const world = new World()
    for (const [i, { key, mistake }] of mistaken.slice(0, 4).entries()) {
      world.device("dev1", 1000 + i, { psk: key }).connect()
      assert.include(world.events.at(-1)!.reason, keyMistakes[mistake])
    }
  })

  it("costs a bounded number of questions, whatever names come from wherever", () => {
    const world = new World()
    world.psk = () => ({ _tag: "Refused", reason: "UnknownDevice" })
    world.work = []
    for (let i = 0; i < 100; i++) world.device(`dev${i}`, 1000 + i, { secret: "wrong" }).connect()
    assert.isAtMost(askedBy(world) - 100, lookedIntoBurstMax)
    assert.isAtLeast(askedBy(world) - 100, 1)
  })

  it("that was not looked into is told as that", () => {
    const world = new World()
    for (let i = 0; i < 20; i++) world.device("dev1", 1000 + i, { secret: `wrong ${i}` }).connect()
    const reasons = world.events.map(({ reason }) => reason)
    assert.isTrue(reasons.some((reason) => /not looked into.*10 s/.test(reason)))
    assert.isTrue(reasons.some((reason) => reason.includes("known mistakes in deriving the key fits")))
  })

  it("of whoever names no registered device is looked into alike, and told as unknown", () => {
    const world = new World()
    world.psk = () => ({ _tag: "Refused", reason: "UnknownDevice" })
    world.work = []
    world.device("dev1", 1000, { psk: mistaken[0]!.key }).connect()
    assert.strictEqual(askedBy(world), 2)
    assert.match(world.strangers[0]!.reason, /UnknownDevice/)
    assert.isEmpty(world.events)
  })

  it("is told without its mistake while the registry is away or is an older one", () => {
    const world = new World()
    let asked = 0
    const found = world.psk
    world.psk = (deviceKey) => (asked++ === 0 ? found(deviceKey) : { _tag: "Unavailable", reason: "away" })
    world.device("dev1", 1000, { secret: "wrong" }).connect()
    assert.match(world.events[0]!.reason, /^wrong key: /)
  })
})
