import { assert, describe, it } from "@effect/vitest"
import { Code, OptionNumber } from "@roost/coap"
import { parsePeerAddress } from "@roost/contracts"
import { TLS_PSK_WITH_AES_128_CCM_8 } from "@roost/dtls"
import { dtlsCrypto } from "@roost/dtls-crypto"
import { countingNonces, randomNonces, reversedNonces, withExplicitNonces } from "@roost/dtls-crypto/testing"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { pendingCommand } from "./support/Commands.ts"
import { repeated, retransmit, sequencesTo } from "./support/DeviceRecords.ts"
import { codeOf, own, post, requestOf } from "./support/DeviceRequests.ts"
import type { SimulatedDevice } from "./support/SimulatedDevice.ts"
import { World } from "./support/World.ts"

const withCid = { connectionId: new Uint8Array(0) }
const states = (world: World) => world.presences.map(({ state }) => state)
const lastOf = (device: SimulatedDevice) => codeOf(device.responses.at(-1))

describe("a session outlives its owner", () => {
  it("a device goes on after its node was killed, without a handshake, and no record number is used twice (F10, R1)", () => {
    const world = new World()
    const device = world.device("dev1", 1000, withCid).connect()
    for (let round = 0; round < 5; round++) {
      assert.strictEqual(codeOf(post(device, `a${round}`)), "2.04")
      world.takeOver()
      assert.strictEqual(codeOf(post(device, `b${round}`)), "2.04")
    }
    assert.strictEqual(repeated(sequencesTo(device)), 0)
    assert.strictEqual(world.uplinks.length, 10)
    assert.strictEqual(world.host.counters.handshakesStarted, 0)
  })

  it.each([
    ["counts", countingNonces()],
    ["draws at random", randomNonces(dtlsCrypto)],
    ["reverses", reversedNonces]
  ])("a device that %s its explicit nonces goes on at another node, with and without an id (trust G1)", (_, nonces) => {
    const crypto = withExplicitNonces(dtlsCrypto, nonces)
    const suites = [TLS_PSK_WITH_AES_128_CCM_8] as const
    for (const id of [withCid, {}]) {
      for (const how of ["killed", "drained"] as const) {
        const world = new World()
        const device = world.device("dev1", 1000, { crypto, suites, ...id }).connect()
        assert.strictEqual(codeOf(post(device, "1")), "2.04")
        const copy = device.sent.at(-1)!
        world.takeOver(how)
        world.receive(device.peer, copy)
        assert.strictEqual(codeOf(post(device, "2")), "2.04")
        assert.strictEqual(world.uplinks.length, 2)
        assert.strictEqual(world.host.counters.handshakesStarted, 0)
      }
    }
  })

  it("a drained node hands over exactly: nothing is read back that was not written (R2)", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    post(device, "1")
    const copy = device.sent.at(-1)!
    world.takeOver("drained")
    world.receive(device.peer, copy)
    assert.strictEqual(world.host.counters.recordsDropped.get("Replay"), 1)
    assert.strictEqual(codeOf(post(device, "2")), "2.04")
    assert.strictEqual(world.uplinks.length, 2)
  })

  it("the session is stored before its Finished is answered, and a store that is away is waited for (ADR 6)", () => {
    const world = new World()
    world.store.reachable = false
    const device = world.device("dev1", 1000).connect()
    assert.isFalse(device.connected)
    world.store.reachable = true
    world.pass(100)
    assert.isTrue(device.connected)
    assert.strictEqual(world.store.entries.size, 1)
  })

  it("a store that is full is asked less and less often, and the handshake ends when it has room (trust F10)", () => {
    const world = new World()
    world.store.full = true
    const device = world.device("dev1", 1000).connect()
    for (let i = 0; i < 300; i++) world.pass(100)
    assert.isFalse(device.connected)
    // 250 ms, doubled up to 4 s, in half a minute.
    assert.isBelow(world.store.refused, 15)
    world.store.full = false
    for (let i = 0; i < 45; i++) world.pass(100)
    assert.isTrue(device.connected)
  })

  it("killed after the session was stored and before its Finished: the device's repetition is answered", () => {
    const world = new World()
    const device = world.device("dev1", 1000, withCid)
    device.deaf = false
    world.holdSaved = true
    device.connect()
    assert.isFalse(device.connected)
    assert.strictEqual(world.store.entries.size, 1)
    world.takeOver()
    world.holdSaved = false
    world.now += 10_000
    for (const output of device.client.handleTimeout(world.now)) {
      if (output._tag === "Transmit") device.transmit(output.datagram)
    }
    assert.isTrue(device.connected)
    assert.strictEqual(codeOf(post(device)), "2.04")
    assert.strictEqual(repeated(sequencesTo(device)), 0)
  })

  it("killed between store and answer: the copy is answered 2.04 and stored once (C7)", () => {
    for (const window of [true, false]) {
      const world = new World()
      const device = world.device("dev1", 1000, withCid).connect()
      world.storing = "later"
      assert.isUndefined(post(device))
      assert.strictEqual(world.uplinks.length, 1)
      world.takeOver()
      world.storing = "yes"
      // Whether the stream still remembers the message id or not.
      if (!window) world.forgetIds()
      world.now += 3000
      retransmit(world, device)
      assert.strictEqual(lastOf(device), "2.04")
      assert.strictEqual(world.uplinks.length, 1)
      assert.strictEqual(codeOf(post(device, "2")), "2.04")
      assert.strictEqual(world.uplinks.length, 2)
    }
  })

  it("a record that the dead owner accepted has no effect at the next one (F8, C7)", () => {
    const world = new World()
    const device = world.device("dev1", 1000, withCid).connect()
    for (let i = 0; i < 100; i++) post(device, String(i))
    const records = device.sent.slice(-100)
    world.takeOver()
    world.forgetIds()
    const stranger = parsePeerAddress("203.0.113.9", 9)!
    for (const record of records) world.receive(stranger, record)
    assert.strictEqual(world.uplinks.length, 100)
    assert.strictEqual(world.host.counters.requests, 0)
    assert.strictEqual(codeOf(post(device, "new")), "2.04")
  })

  it("after a takeover a copy from elsewhere moves no address, a newer record does (R6, F14, F15)", () => {
    const world = new World()
    const device = world.device("dev1", 1000, withCid).connect()
    post(device, "1")
    const copy = device.sent.at(-1)!
    world.takeOver()
    world.receive(parsePeerAddress("203.0.113.9", 9)!, copy)
    assert.strictEqual(codeOf(post(device, "2")), "2.04")
    world.takeOver()
    world.move(device, 4000)
    assert.strictEqual(codeOf(post(device, "3")), "2.04")
  })

  it("a zombie that still believes it owns the device seals nothing with a used number and stores nothing (F10, R3)", () => {
    const world = new World({ writeBlockRecords: 8 })
    const device = world.device("dev1", 1000).connect()
    for (let i = 0; i < 10; i++) post(device, String(i))
    const zombie = world.takeOver()
    const current = world.host
    assert.strictEqual(codeOf(post(device, "current")), "2.04")
    const entry = [...world.store.entries.values()][0]!
    world.host = zombie
    // Pings, since the device drops the answers: their numbers are older than what it has heard since.
    for (let i = 0; i < 30; i++) device.transmit(Result.getOrThrow(device.client.send(Uint8Array.of(0x40, 0, 0xf0, i))))
    assert.isAtLeast(zombie.counters.partitionsLost, 1)
    assert.strictEqual([...world.store.entries.values()][0]!.revision, entry.revision)
    world.host = current
    for (let i = 0; i < 30; i++) post(device, `after ${i}`)
    assert.strictEqual(repeated(sequencesTo(device)), 0)
  })

  it("a zombie that reserves a block first pushes its heir behind it (F10)", () => {
    const world = new World({ writeBlockRecords: 8 })
    const device = world.device("dev1", 1000).connect()
    const zombie = world.takeOver()
    const current = world.host
    world.host = zombie
    for (let i = 0; i < 20; i++) post(device, `zombie ${i}`)
    world.host = current
    for (let i = 0; i < 20; i++) assert.strictEqual(codeOf(post(device, `heir ${i}`)), "2.04")
    assert.strictEqual(repeated(sequencesTo(device)), 0)
  })

  it("a newer handshake supersedes the stored session; D19 until it is verified the old one goes on (D22)", () => {
    const world = new World()
    const first = world.device("dev1", 1000, withCid).connect()
    world.takeOver()
    const intruder = world.device("dev1", 3000, { secret: "wrong" }).connect()
    assert.isFalse(intruder.connected)
    assert.strictEqual(codeOf(post(first, "1")), "2.04")
    const second = world.device("dev1", 2000, withCid).connect()
    world.takeOver()
    assert.isUndefined(post(first, "2"))
    assert.strictEqual(codeOf(post(second, "3")), "2.04")
    assert.strictEqual(world.store.entries.size, 1)
  })

  it("a takeover makes no device offline, and a silent one once (R9)", () => {
    const world = new World()
    const device = world.device("dev1", 1000, { lifetime: 60 }).connect()
    world.pass(50_000)
    world.takeOver()
    world.pass(55_000)
    assert.strictEqual(codeOf(post(device)), "2.04")
    assert.deepStrictEqual(states(world), ["online"])
    world.pass(59_000)
    world.takeOver()
    world.pass(61_000)
    assert.deepStrictEqual(states(world), ["online", "offline"])
    world.takeOver()
    world.pass(600_000)
    assert.deepStrictEqual(states(world), ["online", "offline"])
    assert.strictEqual(codeOf(post(device, "2")), "2.04")
    world.takeOver()
    world.pass(61_000)
    assert.deepStrictEqual(states(world), ["online", "offline", "online", "offline"])
  })

  it("a drained Lifetime goes on where it was (R9)", () => {
    const world = new World()
    world.device("dev1", 1000, { lifetime: 60 }).connect()
    world.pass(40_000)
    world.takeOver("drained")
    world.pass(19_000)
    assert.deepStrictEqual(states(world), ["online"])
    world.pass(1_500)
    assert.deepStrictEqual(states(world), ["online", "offline"])
  })

  it("a command that was delivered or replied to before the takeover is not a new one (S113–S116, C9)", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    const set = own(device, "thing/service/measurepoint/set")
    const both = [pendingCommand("c1", world.now), pendingCommand("c2", world.now)]
    for (const one of both) world.host.handleCommand("pk1", "dev1", one)
    device.request(requestOf(Code.Get, set))
    device.request(requestOf(Code.Post, `${set}_reply`, `{"id":"c1","code":200}`))
    device.deaf = true
    device.request(requestOf(Code.Get, set))
    device.deaf = false
    world.commands = both
    world.takeOver()
    world.now += 3000
    retransmit(world, device)
    assert.strictEqual(
      new TextDecoder().decode(device.responses.at(-1)!.payload),
      `{"id":"c2"}`,
      "the same bytes again"
    )
    const hinted = post(device)!
    assert.isFalse(hinted.options.some(({ number }) => number === OptionNumber.PendingCommand))
    assert.strictEqual(world.commandEvents.filter(({ _tag }) => _tag === "Fetched").length, 2)
  })

  it("a session is resumed at its next owner (S30)", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    const session = device.client.session!
    world.takeOver()
    const again = world.device("dev1", 5000, { resume: session }).connect()
    assert.isTrue(again.connected)
    assert.strictEqual(world.host.counters.handshakesResumed, 1)
    assert.strictEqual(codeOf(post(again)), "2.04")
  })

  it("a credential that changed while nobody owned the device ends the session (R10)", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    world.takeOver()
    world.store.credentialVersions.set("dev1", 2)
    assert.isUndefined(post(device))
    assert.strictEqual(world.uplinks.length, 0)
    assert.deepStrictEqual(states(world), ["online", "offline"])
    assert.strictEqual(world.store.entries.size, 0)
  })

  it("what comes while a partition is loaded waits, up to a bound", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    world.takeOver("killed", () => {
      assert.isUndefined(post(device, "1"))
      assert.strictEqual(world.host.gauges.loading, 512)
    })
    assert.strictEqual(lastOf(device), "2.04")
  })

  it.prop(
    "any schedule of posts, kills and drains: nothing repeated, missing, doubled, and one handshake",
    [Schema.Array(Schema.Literals(["post", "post", "kill", "drain", "kill unanswered", "zombie"] as const))],
    ([schedule]) => {
      const world = new World({ writeBlockRecords: 8 })
      const device = world.device("dev1", 1000, withCid).connect()
      const accepted = new Set<string>()
      const send = (id: string) => {
        if (codeOf(post(device, id)) === "2.04") accepted.add(id)
      }
      schedule.forEach((step, index) => {
        const id = `m${index}`
        if (step === "post") send(id)
        else if (step === "kill") world.takeOver()
        else if (step === "drain") world.takeOver("drained")
        else if (step === "kill unanswered") {
          world.storing = "later"
          const before = device.responses.length
          post(device, id)
          world.takeOver()
          world.storing = "yes"
          world.now += 3500
          retransmit(world, device)
          if (device.responses.length > before) accepted.add(id)
        } else {
          const zombie = world.takeOver()
          const current = world.host
          world.host = zombie
          send(id)
          world.host = current
        }
      })
      send("last")
      const stored = world.uplinks.map(({ payload }) => JSON.parse(new TextDecoder().decode(payload)).id as string)
      assert.strictEqual(repeated(sequencesTo(device)), 0)
      assert.strictEqual(new Set(stored).size, stored.length, "doubled")
      for (const id of accepted) assert.include(stored, id)
      assert.isTrue(accepted.has("last"))
      assert.strictEqual(world.host.counters.handshakesStarted, schedule.every((step) => step === "post") ? 1 : 0)
    }
  )
})
