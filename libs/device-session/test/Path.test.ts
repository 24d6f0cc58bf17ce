import { assert, describe, it } from "@effect/vitest"
import { Code, type ClientRequest } from "@roost/coap"
import { type PeerAddress, parsePeerAddress } from "@roost/contracts"
import { TLS_PSK_WITH_AES_128_CBC_SHA256, TLS_PSK_WITH_AES_128_CCM_8 } from "@roost/dtls"
import { unprovedFactor } from "../src/state/Path.ts"
import { issue } from "./support/Commands.ts"
import { bytes, codeOf, own, post, requestOf } from "./support/DeviceRequests.ts"
import type { SimulatedDevice } from "./support/SimulatedDevice.ts"
import { World } from "./support/World.ts"

const suites = [
  ["CCM_8", [TLS_PSK_WITH_AES_128_CCM_8]],
  ["CBC_SHA256", [TLS_PSK_WITH_AES_128_CBC_SHA256]]
] as const
const withoutCid = { connectionId: undefined }
const setPoint = "thing/service/measurepoint/set"
const fetchOf = (device: SimulatedDevice): ClientRequest => requestOf(Code.Get, own(device, setPoint))
const postOf = (device: SimulatedDevice, id: string): ClientRequest =>
  requestOf(
    Code.Post,
    own(device, "thing/measurepoint/post"),
    `{"id":"${id}","version":"1.0","method":"thing.measurepoint.post","params":{"measurepoints":{}}}`
  )

const command = (world: World, id: string, payloadBytes: number) =>
  issue(world, id, { payload: bytes(`{"id":"${id}","params":{"text":"${"x".repeat(payloadBytes)}"}}`) })

/** Somebody who counts what arrives at an address. */
const bystander = (world: World, port: number) => world.device(`bystander ${port}`, port)
const bytesOf = (datagrams: ReadonlyArray<Uint8Array>) => datagrams.reduce((sum, { length }) => sum + length, 0)
const portOf = (port: number): PeerAddress => parsePeerAddress("192.0.2.1", port)!

describe.each(suites)("an address that came by connection id, %s", (_, ofSuite) => {
  const options = { suites: ofSuite }

  it("takes no other device's session or answers, with or without connection id (trust C1)", () => {
    for (const other of [withoutCid, {}]) {
      const world = new World()
      const victim = world.device("victim", 1000, { ...options, ...other }).connect()
      const device = world.device("dev1", 2000, options).connect()
      for (let round = 0; round < 5; round++) {
        world.receive(victim.peer, device.requestDatagram(postOf(device, `spoofed ${round}`)))
        assert.strictEqual(codeOf(post(victim, `honest ${round}`)), "2.04")
      }
      assert.strictEqual(world.host.counters.handshakesEstablished, 2)
      assert.deepStrictEqual(
        world.routes.map(({ peer }) => peer),
        [victim.peer.key, device.peer.key],
        "no edge hears of another address"
      )
    }
  })

  it("takes nothing from a device whose separate response is still due (trust C1)", () => {
    const world = new World()
    const victim = world.device("victim", 1000, { ...options, ...withoutCid }).connect()
    const device = world.device("dev1", 2000, options).connect()
    world.storing = "later"
    post(victim)
    const token = world.storeToken
    world.storing = "yes"
    world.receive(victim.peer, device.requestDatagram(postOf(device, "spoofed")))
    world.host.handleStored(world.now, token, true)
    world.settle()
    assert.strictEqual(codeOf(victim.responses[0]), "2.04")
  })

  it("gets at most three times what came from it, and the device its answers as soon as it is heard again (trust C1)", () => {
    const world = new World()
    const victim = bystander(world, 9000)
    const device = world.device("dev1", 2000, options).connect()
    command(world, "c1", 3000)
    let sent = 0
    for (let i = 0; i < 20; i++) {
      const spoofed = device.requestDatagram(fetchOf(device))
      sent += spoofed.length
      world.receive(victim.peer, spoofed)
      world.pass(1000)
      assert.isAtMost(bytesOf(victim.received), unprovedFactor * sent)
    }
    assert.strictEqual(codeOf(post(device)), "2.04")
    const before = victim.received.length
    for (let second = 0; second < 100; second++) world.pass(1000)
    assert.strictEqual(victim.received.length, before)
  })

  it("gets no repetitions of a separate response beyond that (trust C1)", () => {
    const world = new World()
    const victim = bystander(world, 9000)
    const device = world.device("dev1", 2000, options).connect()
    world.storing = "later"
    const spoofed = device.requestDatagram(postOf(device, "spoofed"))
    world.receive(victim.peer, spoofed)
    world.pass(4000)
    world.host.handleStored(world.now, world.storeToken, true)
    for (let second = 0; second < 100; second++) world.pass(1000)
    assert.isAtLeast(victim.received.length, 1)
    assert.isAtMost(bytesOf(victim.received), unprovedFactor * spoofed.length)
  })

  it("is not where answers go after a copy or an older record from it (trust C1)", () => {
    const world = new World()
    const victim = bystander(world, 9000)
    const device = world.device("dev1", 2000, options).connect()
    const delayed = device.requestDatagram(postOf(device, "delayed"))
    assert.strictEqual(codeOf(post(device, "newer")), "2.04")
    world.receive(victim.peer, device.sent.at(-1)!)
    world.receive(victim.peer, delayed)
    assert.deepStrictEqual(victim.received, [])
    assert.strictEqual(codeOf(post(device, "again")), "2.04")
  })

  it("takes no answer from a device by a copy that overtakes the original on its way (trust C1)", () => {
    const world = new World()
    const victim = bystander(world, 9000)
    const device = world.device("dev1", 2000, options).connect()
    const overtaken = device.requestDatagram(postOf(device, "overtaken"))
    const before = device.received.length
    world.receive(victim.peer, overtaken)
    world.receive(device.peer, overtaken)
    assert.strictEqual(device.received.length, before + 1)
    world.storing = "later"
    post(device, "stored later")
    const token = world.storeToken
    world.storing = "yes"
    world.pass(1000)
    world.receive(victim.peer, device.requestDatagram(postOf(device, "overtaken too")))
    world.host.handleStored(world.now, token, true)
    world.settle()
    assert.strictEqual(codeOf(device.responses.at(-1)), "2.04")
    command(world, "c1", 900)
    const large = device.requestDatagram(fetchOf(device))
    world.receive(victim.peer, large)
    assert.isAtMost(bytesOf(victim.received), unprovedFactor * 4 * large.length)
  })

  it("has the former address left alone after a while (trust C1)", () => {
    const world = new World()
    const device = world.device("dev1", 2000, options).connect()
    const successor = bystander(world, 2001)
    world.move(successor, 2000)
    world.move(device, 3000)
    world.enter(successor)
    world.pass(30_000)
    for (let i = 0; i < 5; i++) assert.strictEqual(codeOf(post(device, String(i))), "2.04")
    assert.deepStrictEqual(successor.received, [])
  })

  it("serves an honest device whose NAT gives it another port at each wake (trust C1)", () => {
    const world = new World()
    const device = world.device("dev1", 2000, options).connect()
    for (let wake = 0; wake < 20; wake++) {
      world.pass(30_000)
      command(world, `c${wake}`, 10)
      world.move(device, 3000 + wake)
      assert.strictEqual(codeOf(post(device, `wake ${wake}`)), "2.04")
      assert.strictEqual(codeOf(device.request(fetchOf(device))), "2.04")
    }
    assert.strictEqual(world.host.counters.handshakesEstablished, 1)
    assert.strictEqual(world.host.counters.recordsDropped.get("AddressUnproved"), undefined)
    world.takeOver()
    world.move(device, 4000)
    assert.strictEqual(codeOf(post(device, "after a takeover")), "2.04")
  })

  it("gets a long answer block by block, each paid for by the request for it (trust C1)", () => {
    const world = new World()
    const device = world.device("dev1", 2000, options).connect()
    command(world, "c1", 3000)
    world.move(device, 3000)
    const before = { sent: bytesOf(device.sent), received: bytesOf(device.received) }
    const response = device.request(fetchOf(device))
    assert.strictEqual(codeOf(response), "2.04")
    assert.isAbove(response!.payload.length, 3000)
    assert.isAtMost(bytesOf(device.received) - before.received, unprovedFactor * (bytesOf(device.sent) - before.sent))
    assert.strictEqual(world.host.counters.recordsDropped.get("AddressUnproved"), undefined)
  })

  it("has no limit any more once the device handshakes there (trust C1)", () => {
    const world = new World()
    const device = world.device("dev1", 2000, options).connect()
    world.move(device, 3000)
    post(device)
    const again = world.device("dev1", 3000, options).connect()
    command(world, "c1", 900)
    assert.strictEqual(codeOf(again.request(fetchOf(again))), "2.04")
  })
})

describe("two devices that had one address", () => {
  it("over time, at a NAT: the newer handshake has it, also after a takeover in any order (trust C1)", () => {
    for (const reversed of [false, true]) {
      const world = new World()
      const first = world.device("dev1", 1000, withoutCid).connect()
      world.pass(1000)
      const second = world.device("dev2", 1000, withoutCid).connect()
      assert.strictEqual(codeOf(post(second, "1")), "2.04")
      if (reversed) {
        const entries = [...world.store.entries].toReversed()
        world.store.entries.clear()
        for (const [key, entry] of entries) world.store.entries.set(key, entry)
      }
      world.takeOver()
      assert.strictEqual(codeOf(post(second, "2")), "2.04")
      assert.isTrue(first.connected)
    }
  })
})

describe("a datagram that every node was asked about", () => {
  it("tells the edge whose connection id it has, and nothing of the address it came from (trust C1)", () => {
    const world = new World()
    const device = world.device("dev1", 2000).connect()
    const before = world.routes.length
    world.receiveUnrouted(portOf(7777), device.requestDatagram(postOf(device, "1")))
    assert.strictEqual(world.routes.length, before)
    assert.strictEqual(world.routesById, 1)
  })

  it("tells the edge whose address it is where the device has no connection id (trust A6)", () => {
    const world = new World()
    const device = world.device("dev1", 2000, withoutCid).connect()
    const before = world.routes.length
    world.receiveUnrouted(device.peer, device.requestDatagram(postOf(device, "1")))
    assert.strictEqual(world.routes.length, before + 1)
  })
})

describe("noise from a device's address", () => {
  it("teaches an edge that lost its routes where the device is, and no address twice (trust A3)", () => {
    const world = new World()
    const device = world.device("dev1", 2000, withoutCid).connect()
    const other = world.device("dev2", 3000).connect()
    const noise = Uint8Array.from([
      23,
      0xfe,
      0xfd,
      0,
      1,
      0,
      0,
      0,
      0,
      0,
      9,
      0,
      20,
      ...Array.from({ length: 20 }, () => 7)
    ])
    const before = world.routes.length
    world.receiveUnrouted(device.peer, noise)
    assert.strictEqual(world.claims, 1)
    const forged = other.requestDatagram(postOf(other, "1"))
    forged[forged.length - 1]! ^= 1
    world.receiveUnrouted(portOf(7777), forged)
    assert.deepStrictEqual([world.routesById, world.routes.length], [1, before])
  })
})

describe("a datagram that is nobody's here", () => {
  it("lets the edge doubt the address's route; a copy, or a record under a connection id, does not (trust A6)", () => {
    const world = new World()
    const device = world.device("dev1", 2000, withoutCid).connect()
    const other = world.device("dev2", 3000).connect()
    post(device)
    const copy = device.sent.at(-1)!
    world.receive(device.peer, copy)
    assert.strictEqual(world.doubts, 0)
    const forged = copy.slice()
    forged[forged.length - 1]! ^= 1
    forged[10]! += 5
    world.receive(device.peer, forged)
    assert.strictEqual(world.doubts, 1)
    const altered = other.requestDatagram(postOf(other, "1"))
    altered[altered.length - 1]! ^= 1
    world.receive(other.peer, altered)
    assert.strictEqual(world.doubts, 1)
    assert.strictEqual(codeOf(post(device)), "2.04")
    assert.strictEqual(codeOf(post(other)), "2.04")
  })
})
