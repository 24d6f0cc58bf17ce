import { assert, describe, it } from "@effect/vitest"
import { FrameKind, placeOf } from "@roost/contracts"
import {
  ContentType,
  encodeClientKeyExchange,
  encodeHandshake,
  encodePlaintextRecord,
  HandshakeType,
  PendingHandshake
} from "@roost/dtls"
import { nodeCrypto } from "@roost/dtls-crypto"
import * as Result from "effect/Result"
import {
  EdgeWorld,
  identityOf,
  ownerOfMeter1 as owner,
  partitionOfMeter1 as partition,
  psk,
  TestDevice
} from "./support/EdgeWorld.ts"
import { peerOf } from "./support/Peers.ts"

const recordHeaderBytes = 13

describe("EdgeHandshakes: handshakes that come again, late or from elsewhere", () => {
  it("hands off for the address that a cookie proved, and the datagram for the one that the client moved to (trust G5)", () => {
    const world = new EdgeWorld()
    const device = new TestDevice(world, "meter-1", { connectionId: new Uint8Array(0) })
    const moved = peerOf(50_001)
    world.receive(moved, ...device.untilKeyExchange())
    assert.deepStrictEqual(
      world.entries().map(({ kind, partition, peer, subject }) => [subject, kind, partition, peer.key]),
      [
        [owner, FrameKind.HalfHandshake, partition, device.peer.key],
        [owner, FrameKind.Datagram, partition, moved.key]
      ]
    )
    assert.strictEqual(world.core.gauges.handshakes, 0)
  })

  it("gives a device that sends the same hello at each boot another ServerHello, and a copy of it one entry (trust E3)", () => {
    const world = new EdgeWorld()
    const options = { crypto: { ...nodeCrypto, randomBytes: (length: number) => new Uint8Array(length).fill(7) } }
    for (let boot = 0; boot < 3; boot++) {
      const device = new TestDevice(world, "meter-1", options)
      world.receive(device.peer, ...device.untilKeyExchange())
      assert.deepStrictEqual(
        world.entries().map(({ kind }) => kind),
        [FrameKind.HalfHandshake]
      )
      world.pass(1000)
    }
  })

  it("sends records on that it keeps for a copy's handshake: they may be the last flight of the one before (trust E3)", () => {
    const world = new EdgeWorld()
    const device = new TestDevice(world, "meter-1")
    world.receive(device.peer, ...device.start())
    const [hello] = device.take(world.replies())
    world.receive(device.peer, hello!)
    const flight = device.take(world.replies())
    world.receive(device.peer, ...flight)
    world.entries()
    world.receive(device.peer, hello!)
    assert.strictEqual(world.core.gauges.handshakes, 1)
    const finished = Uint8Array.of(ContentType.handshake, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 2, 1, 2)
    world.receive(device.peer, finished)
    assert.deepStrictEqual(
      world.entries().map(({ kind }) => kind),
      [FrameKind.Datagram]
    )
  })

  it("hands a handshake off again with its client's key exchange when somebody forged one before (trust A3)", () => {
    const world = new EdgeWorld()
    const device = new TestDevice(world, "meter-1")
    const flight = device.untilKeyExchange()
    const body = encodeClientKeyExchange({ pskIdentity: identityOf("meter-9") })
    const forged = encodePlaintextRecord(
      ContentType.handshake,
      7,
      encodeHandshake(HandshakeType.client_key_exchange, 2, body)
    )
    const other = placeOf("MuGsF6W4", "meter-9").partition
    world.receive(device.peer, forged)
    world.receive(device.peer, ...flight)
    const [first, second, ...more] = world.entries()
    assert.deepStrictEqual([first!.kind, first!.partition], [FrameKind.HalfHandshake, other])
    assert.deepStrictEqual([second!.kind, second!.partition], [FrameKind.HalfHandshake, partition])
    assert.deepStrictEqual(more, [])
    const pending = Result.getOrThrow(PendingHandshake.fromHalf(second!.body))
    assert.deepStrictEqual(pending.identity, identityOf("meter-1"))
    assert.strictEqual(pending.providePsk(nodeCrypto, psk)._tag, "Established")
    // The owners of both are told of what comes again, so that no forgery takes it from the device's.
    for (const again of [flight, [forged, ...flight]]) {
      world.receive(device.peer, ...again)
      const told = world.entries()
      assert.isTrue(told.every(({ kind }) => kind === FrameKind.Datagram))
      for (const one of [other, partition]) {
        assert.strictEqual(told.filter((entry) => entry.partition === one).length, again.length)
      }
    }
  })

  it("lets a device begin by a new cookie, however many copies of an old one come (trust A3)", () => {
    const world = new EdgeWorld()
    const former = new TestDevice(world, "meter-1")
    world.receive(former.peer, ...former.start())
    const [seen] = former.take(world.replies())
    const flood = (from: number) => {
      for (let i = 0; i < 200; i++) {
        const copy = seen!.slice()
        // No cookie covers message_seq.
        copy[recordHeaderBytes + 5] = from + i
        world.receive(former.peer, copy)
      }
      world.replies()
    }
    for (let round = 0; round < 5; round++) {
      const device = new TestDevice(world, "meter-1")
      flood(0)
      world.receive(device.peer, ...device.start())
      const request = world.replies()
      flood(1)
      world.receive(device.peer, ...device.take(request))
      const flight = world.replies()
      flood(2)
      world.entries()
      world.receive(device.peer, ...device.take(flight))
      const handedOff = world.entries().find(({ kind }) => kind === FrameKind.HalfHandshake)
      const pending = Result.getOrThrow(PendingHandshake.fromHalf(handedOff!.body))
      assert.strictEqual(pending.providePsk(nodeCrypto, psk)._tag, "Established")
      world.pass(1_000)
    }
    assert.isAbove(world.core.counters.dropped.get("HandshakeRate") ?? 0, 0)
  })

  it("costs who is listened to its handshakes, for as long as somebody forges five a second, and nobody else's (trust A3)", () => {
    const world = new EdgeWorld()
    /** Begins a handshake by what it reads of the answers to a peer. */
    const answered = (peer = peerOf(40_000)): number => {
      const device = new TestDevice(world, "meter-1", {}, peer)
      world.receive(peer, ...device.start())
      world.receive(peer, ...device.take(world.replies()))
      return world.replies().length
    }
    const savedUp = 20
    for (let i = 0; i < savedUp; i++) answered()
    for (let second = 0; second < 60; second++) {
      world.pass(1_000)
      for (let i = 0; i < 5; i++) assert.strictEqual(answered(), 1)
      // The device's own.
      assert.strictEqual(answered(), 0)
    }
    assert.strictEqual(answered(peerOf(40_001)), 1)
    world.pass(1_000)
    assert.strictEqual(answered(), 1)
  })

  it("keeps a handshake of which nothing comes for three minutes, and its hand-off as long (trust E13)", () => {
    const world = new EdgeWorld()
    const device = new TestDevice(world, "meter-1")
    const flight = device.untilKeyExchange()
    world.pass(179_000)
    world.receive(device.peer, ...flight)
    assert.deepStrictEqual(
      world.entries().map(({ kind }) => kind),
      [FrameKind.HalfHandshake]
    )
    world.pass(179_000)
    world.receive(device.peer, ...flight)
    assert.deepStrictEqual(
      world.entries().map(({ kind, partition }) => [kind, partition]),
      // Its owner has not confirmed it.
      [FrameKind.RepeatedHalfHandshake, ...flight.map(() => FrameKind.Datagram)].map((kind) => [kind, partition])
    )
  })

  it("drops a stranger's handshake datagram of more than 2 048 bytes (trust A2)", () => {
    const world = new EdgeWorld()
    const device = new TestDevice(world, "meter-1")
    const [flight] = device.untilKeyExchange()
    world.receive(device.peer, Uint8Array.of(...flight!, ...new Uint8Array(60_000)))
    assert.deepStrictEqual(world.entries(), [])
    assert.strictEqual(world.core.counters.dropped.get("StrangerTooLarge"), 1)
    world.receive(device.peer, flight!)
    assert.strictEqual(world.entries().length, 1)
  })
})
