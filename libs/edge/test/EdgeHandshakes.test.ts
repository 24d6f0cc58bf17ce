import { assert, describe, it } from "@effect/vitest"
import { FrameKind } from "@roost/contracts"
import { EdgeWorld, ownerOfMeter1 as owner, partitionOfMeter1 as partition, TestDevice } from "./support/EdgeWorld.ts"
import { peerOf } from "./support/Peers.ts"

describe("EdgeHandshakes", () => {
  it("RFC 6347 §4.2.1 answers a ClientHello without cookie with no more bytes than it has, and keeps nothing", () => {
    const world = new EdgeWorld()
    const device = new TestDevice(world, "meter-1")
    const [hello] = device.start()
    world.receive(device.peer, hello!)
    const replies = world.replies()
    assert.strictEqual(replies.length, 1)
    assert.isAtMost(replies[0]!.length, hello!.length)
    assert.strictEqual(world.core.gauges.handshakes, 0)
    assert.deepStrictEqual(world.entries(), [])
  })

  it("hands the handshake to the owner of the device that ClientKeyExchange names", () => {
    const world = new EdgeWorld()
    const device = new TestDevice(world, "meter-1")
    world.receive(device.peer, ...device.untilKeyExchange())
    const entries = world.entries()
    assert.deepStrictEqual(
      entries.map(({ kind, partition, subject }) => [subject, kind, partition]),
      [[owner, FrameKind.HalfHandshake, partition]]
    )
    assert.deepStrictEqual(entries[0]!.peer, device.peer)
    assert.strictEqual(world.core.gauges.handshakes, 0)
    assert.strictEqual(world.core.gauges.handedOff, 1)
  })

  it("lets every edge take every other edge's cookie", () => {
    const one = new EdgeWorld()
    const other = new EdgeWorld()
    const device = new TestDevice(one, "meter-1")
    one.receive(device.peer, ...device.start())
    other.receive(device.peer, ...device.take(one.replies()))
    assert.strictEqual(other.core.gauges.handshakes, 1)
  })

  it("finishes what it began once it drains, and leaves the rest to other edges, which take the cookie (RFC 6347 §4.2.4)", () => {
    const world = new EdgeWorld()
    const other = new EdgeWorld()
    const begun = new TestDevice(world, "meter-1")
    const late = new TestDevice(world, "meter-2", {}, peerOf(40_001))
    world.receive(begun.peer, ...begun.start())
    world.receive(begun.peer, ...begun.take(world.replies()))
    const flight = begun.take(world.replies())
    world.core.drain()
    world.receive(late.peer, ...late.start())
    const hello = late.take(world.replies())
    world.receive(late.peer, ...hello)
    assert.deepStrictEqual(world.replies(), [])
    assert.strictEqual(world.core.counters.dropped.get("Drains"), 1)
    other.receive(late.peer, ...hello)
    assert.strictEqual(other.core.gauges.handshakes, 1)
    assert.strictEqual(world.core.gauges.handshakes, 1)
    world.receive(begun.peer, ...flight)
    assert.strictEqual(world.core.gauges.handshakes, 0)
    assert.strictEqual(world.core.gauges.handedOff, 1)
  })

  it("sends the repeated flight of a handed-off handshake after it, with the half that no owner confirmed", () => {
    const world = new EdgeWorld()
    const device = new TestDevice(world, "meter-1")
    const flight = device.untilKeyExchange()
    world.receive(device.peer, ...flight)
    world.entries()
    world.pass(2000)
    world.receive(device.peer, ...flight)
    assert.deepStrictEqual(
      world.entries().map(({ kind, partition, subject }) => [subject, kind, partition]),
      [FrameKind.RepeatedHalfHandshake, ...flight.map(() => FrameKind.Datagram)].map((kind) => [owner, kind, partition])
    )
  })

  for (const identity of ["", "MuGsF6W4", "a,b,c,d,e", "MuGsF6W4,meter-1,9,60", "\u0000\u00ff"]) {
    it(`hands off the identity ${JSON.stringify(identity)} like a good one (F20)`, () => {
      const world = new EdgeWorld()
      const device = new TestDevice(world, "", { identity: new TextEncoder().encode(identity) })
      world.receive(device.peer, ...device.untilKeyExchange())
      assert.deepStrictEqual(
        world.entries().map(({ kind }) => kind),
        [FrameKind.HalfHandshake]
      )
      assert.deepStrictEqual(world.replies(), [])
    })
  }

  it("begins at most the named number of handshakes of one address, and other addresses' all the same (D15)", () => {
    const world = new EdgeWorld({ handshakesPerSecondMax: 5, handshakesBurstMax: 20 })
    const begin = (peer = peerOf(40_000)) => {
      const device = new TestDevice(world, "meter-1", {}, peer)
      world.receive(peer, ...device.start())
      world.receive(peer, ...device.take(world.replies()))
      return world.replies().length
    }
    const begun = (attempts: number) =>
      Array.from({ length: attempts }, () => begin()).filter((sent) => sent > 0).length
    assert.strictEqual(begun(100), 20)
    assert.strictEqual(world.core.counters.dropped.get("HandshakeRate"), 80)
    assert.strictEqual(begin(peerOf(40_001)), 1)
    world.pass(1000)
    assert.strictEqual(begun(100), 5)
  })

  it("lets noise from a device's address take nothing from its handshake: only a cookie is charged (trust A3)", () => {
    const world = new EdgeWorld()
    const device = new TestDevice(world, "meter-1")
    const empty = Uint8Array.from([22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    const [hello] = new TestDevice(world, "meter-9").start()
    const wrongCookie = new TestDevice(world, "meter-9", {}, peerOf(2))
    world.receive(peerOf(2), ...wrongCookie.start())
    const [stolen] = wrongCookie.take(world.replies())
    const strayExchange = new TestDevice(world, "meter-9", {}, peerOf(3)).untilKeyExchange()
    world.replies()
    const noise = (): void => {
      for (let i = 0; i < 500; i++)
        world.receive(device.peer, empty, hello!, stolen!, strayExchange[0]!.subarray(0, 30))
      world.replies()
    }
    noise()
    world.receive(device.peer, ...device.start())
    const [request] = world.replies()
    noise()
    world.receive(device.peer, ...device.take([request!]))
    const flight = world.replies()
    assert.strictEqual(flight.length, 1)
    noise()
    world.entries()
    world.receive(device.peer, ...device.take(flight))
    assert.include(
      world.entries().map(({ kind }) => kind),
      FrameKind.HalfHandshake
    )
  })

  it("lets 1 000 devices behind one NAT address connect at once, IPv4 and IPv6 (trust A4)", () => {
    for (const host of ["192.0.2.1", "2001:db8::1"]) {
      const world = new EdgeWorld()
      const devices = Array.from({ length: 1000 }, (_, i) => new TestDevice(world, `m${i}`, {}, peerOf(2000 + i, host)))
      const flights = devices.map((device) => device.untilKeyExchange())
      devices.forEach((device, i) => world.receive(device.peer, ...flights[i]!))
      assert.strictEqual(world.entries().filter(({ kind }) => kind === FrameKind.HalfHandshake).length, 1000)
    }
  })

  it("lets one source, whatever its ports, begin no more handshakes than its rate, and other sources theirs (trust A4)", () => {
    const world = new EdgeWorld({ handshakesPerSourceSecondMax: 10, handshakesPerSourceBurstMax: 30 })
    const begun = (from: number, host: (i: number) => string) =>
      Array.from({ length: 50 }, (_, i) => {
        const device = new TestDevice(world, "meter-1", {}, peerOf(from + i, host(i)))
        world.receive(device.peer, ...device.start())
        world.receive(device.peer, ...device.take(world.replies()))
        return world.replies().length
      }).filter((sent) => sent > 0).length
    assert.strictEqual(
      begun(1000, () => "192.0.2.1"),
      30
    )
    assert.strictEqual(
      begun(1000, (i) => `2001:db8::${i + 1}`),
      30
    )
    assert.strictEqual(
      begun(1000, () => "192.0.2.2"),
      30
    )
    world.pass(1000)
    assert.strictEqual(
      begun(2000, () => "192.0.2.1"),
      10
    )
  })
})
