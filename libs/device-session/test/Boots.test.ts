import { assert, describe, it } from "@effect/vitest"
import { ContentType, encodeAlert, fatalAlert, warningAlert } from "@roost/dtls"
import { dtlsCrypto } from "@roost/dtls-crypto"
import * as Result from "effect/Result"
import { repeated, sequencesTo } from "./support/DeviceRecords.ts"
import { codeOf, post } from "./support/DeviceRequests.ts"
import type { SimulatedDevice } from "./support/SimulatedDevice.ts"
import { World } from "./support/World.ts"

// Devices that have no entropy, no memory of what they did before, or a NAT that forgets them.

/** All its random numbers are the same after each reset. */
const withoutEntropy = { crypto: { ...dtlsCrypto, randomBytes: (length: number) => new Uint8Array(length).fill(0x5a) } }
const withCid = { connectionId: new Uint8Array(0) }
const withoutCid = { connectionId: undefined }
const kinds = (world: World) => world.events.map(({ kind }) => kind)

/** Its client's timer fires: it repeats its flight. */
const repeatFlight = (world: World, device: SimulatedDevice, millis = 1000): void => {
  world.now += millis
  for (const output of device.client.handleTimeout(world.now)) {
    if (output._tag === "Transmit") device.transmit(output.datagram)
  }
}
/** Its ClientHello with cookie, which the network may have copied. */
const helloOf = (device: SimulatedDevice) => device.sent[1]!

describe("a device without entropy", () => {
  it.each([
    ["with a connection id", withCid],
    ["without one", withoutCid]
  ])("handshakes at each of its boots, %s; the operator hears of it once (trust E3)", (_, options) => {
    const world = new World()
    for (let boot = 0; boot < 6; boot++) {
      const device = world.device("dev1", 1000, { ...withoutEntropy, ...options }).connect()
      assert.isTrue(device.connected, `boot ${boot}`)
      assert.strictEqual(codeOf(post(device, `boot ${boot}`)), "2.04")
      assert.strictEqual(repeated(sequencesTo(device)), 0)
      world.now += 10_000
    }
    assert.strictEqual(world.uplinks.length, 6)
    assert.deepStrictEqual(
      kinds(world).filter((kind) => kind === "client-random-repeated"),
      ["client-random-repeated"]
    )
  })

  it("that has entropy is not said to have none (trust E3)", () => {
    const world = new World()
    for (let boot = 0; boot < 4; boot++) world.device("dev1", 1000, withCid).connect()
    assert.deepStrictEqual(kinds(world), [])
  })

  it("gets in after a handshake that failed, and after one that its reset cut off (trust E3)", () => {
    const world = new World()
    world.device("dev1", 1000, { ...withoutEntropy, secret: "another" }).connect()
    const key = world.psk
    world.psk = () => ({ _tag: "Unavailable", reason: "away" })
    assert.isFalse(world.device("dev1", 1000, withoutEntropy).connect().connected)
    world.psk = key
    const device = world.device("dev1", 1000, withoutEntropy).connect()
    assert.isTrue(device.connected)
    assert.strictEqual(codeOf(post(device)), "2.04")
  })

  it("keeps its old session until the new Finished verified, and a copy of its hello ends nothing (trust E3)", () => {
    const world = new World()
    const device = world.device("dev1", 1000, { ...withoutEntropy, ...withCid }).connect()
    for (let i = 0; i < 20; i++) world.receive(device.peer, helloOf(device))
    assert.strictEqual(codeOf(post(device, "still")), "2.04")
    assert.strictEqual(world.host.counters.handshakesEstablished, 1)
    assert.strictEqual(world.host.gauges.handshakes, 0)
  })
})

describe("a ClientHello that the network copied and delayed", () => {
  it.each([
    ["with a connection id", withCid],
    ["without one", withoutCid]
  ])(
    "while the session is stored: the repetition waits with it, and nothing is refused, %s (trust E3)",
    (_, options) => {
      const world = new World()
      const device = world.device("dev1", 1000, options)
      world.store.reachable = false
      device.connect()
      assert.isFalse(device.connected)
      world.receive(device.peer, helloOf(device))
      repeatFlight(world, device)
      world.store.reachable = true
      world.pass(2000)
      assert.isTrue(device.connected)
      assert.strictEqual(codeOf(post(device)), "2.04")
      assert.deepStrictEqual(kinds(world), [])
    }
  )

  it.each([
    ["with a connection id", withCid],
    ["without one", withoutCid]
  ])(
    "after the session was established: the repetition is answered, and nothing is refused, %s (trust E3)",
    (_, options) => {
      const world = new World()
      const device = world.device("dev1", 1000, options)
      world.loseSends = 1
      device.connect()
      assert.isFalse(device.connected)
      assert.strictEqual(world.host.counters.handshakesEstablished, 1)
      world.receive(device.peer, helloOf(device))
      repeatFlight(world, device)
      assert.isTrue(device.connected)
      assert.strictEqual(codeOf(post(device)), "2.04")
      assert.strictEqual(world.host.counters.handshakesEstablished, 1)
      assert.strictEqual(world.host.counters.handshakesRefused, 0)
      assert.deepStrictEqual(kinds(world), [])
      assert.strictEqual(repeated(sequencesTo(device)), 0)
    }
  )

  it("while its key is still asked for: either handshake may complete, and one does (trust E3)", () => {
    const world = new World()
    const device = world.device("dev1", 1000, withCid)
    const key = world.psk
    world.psk = () => ({ _tag: "Unavailable", reason: "away" })
    device.connect()
    world.receive(device.peer, helloOf(device))
    repeatFlight(world, device)
    world.psk = key
    repeatFlight(world, device, 2000)
    assert.isTrue(device.connected)
    assert.strictEqual(codeOf(post(device)), "2.04")
    assert.strictEqual(world.host.counters.handshakesEstablished, 1)
  })
})

describe("a device whose NAT gives it another port during its handshake", () => {
  it("between ServerHello and its last flight completes by its connection id (trust G5)", () => {
    const world = new World()
    const device = world.device("dev1", 1000, withCid)
    world.moveBeforeFlight(device, 2000)
    device.connect()
    assert.isTrue(device.connected)
    assert.strictEqual(codeOf(post(device)), "2.04")
    assert.strictEqual(world.uplinks.length, 1)
  })

  it("after its key exchange, before the answer: its repetition is answered where it is now (trust G5)", () => {
    for (const lost of ["Finished", "answer"] as const) {
      const world = new World()
      const device = world.device("dev1", 1000, withCid)
      if (lost === "answer") world.loseSends = 1
      else world.psk = () => ({ _tag: "Unavailable", reason: "away" })
      const key = new World().psk
      device.connect()
      assert.isFalse(device.connected)
      world.psk = key
      world.move(device, 3000)
      repeatFlight(world, device)
      assert.isTrue(device.connected, lost)
      assert.strictEqual(codeOf(post(device)), "2.04")
    }
  })

  it("takes no other device's address by it (trust G5)", () => {
    const world = new World()
    const victim = world.device("victim", 2000, withoutCid).connect()
    const device = world.device("dev1", 1000, withCid)
    // Somebody who sees the last flight sends it from the victim's address first.
    device.transmit = function (datagram) {
      this.sent.push(datagram)
      if (this.sent.length === 3) world.receive(victim.peer, datagram)
      world.receive(this.peer, datagram)
    }
    device.connect()
    assert.strictEqual(codeOf(post(victim)), "2.04")
  })
})

describe("a session that its device ended", () => {
  const ended = (alert: Uint8Array) => {
    const world = new World()
    const device = world.device("dev1", 1000, withCid).connect()
    const session = device.client.session!
    device.transmit(Result.getOrThrow(session.seal(dtlsCrypto, ContentType.alert, alert)))
    const again = world.device("dev1", 1000, { ...withCid, resume: session }).connect()
    assert.isTrue(again.connected)
    assert.strictEqual(codeOf(post(again)), "2.04")
    return world
  }

  it.each(["handshake_failure", "decrypt_error", "internal_error"] as const)(
    "by the fatal alert %s is not resumed (RFC 5246 §7.2.2), here or after a takeover (trust C4)",
    (name) => {
      assert.strictEqual(ended(encodeAlert(fatalAlert(name))).host.counters.handshakesResumed, 0)
      const world = new World()
      const device = world.device("dev1", 1000, withCid).connect()
      const session = device.client.session!
      device.transmit(Result.getOrThrow(session.seal(dtlsCrypto, ContentType.alert, encodeAlert(fatalAlert(name)))))
      world.pass(1000)
      world.takeOver()
      const again = world.device("dev1", 1000, { ...withCid, resume: session }).connect()
      assert.isTrue(again.connected)
      assert.strictEqual(world.host.counters.handshakesResumed, 0)
    }
  )

  it("by close_notify, of any level, can be resumed (trust C4)", () => {
    assert.strictEqual(ended(encodeAlert(warningAlert("close_notify"))).host.counters.handshakesResumed, 1)
    assert.strictEqual(ended(encodeAlert(fatalAlert("close_notify"))).host.counters.handshakesResumed, 1)
  })
})

it("a handshake whose Finished comes after 63 s, or after 179 s, completes at the actor (trust E13)", () => {
  for (const late of [63_000, 123_000, 178_000]) {
    const world = new World()
    const key = world.psk
    world.psk = () => ({ _tag: "Unavailable", reason: "away" })
    const device = world.device("dev1", 1000, {
      ...withCid,
      timing: { initialMillis: late, maxMillis: late, transmissionsMax: 3 }
    })
    device.connect()
    for (let i = 0; i < 10; i++) world.pass(late / 10)
    world.psk = key
    repeatFlight(world, device, 0)
    assert.isTrue(device.connected, String(late))
    assert.strictEqual(world.host.counters.handshakesExpired, 0)
  }
})
