import { assert, describe, it } from "@effect/vitest"
import { FrameKind, frameStamp, frameStampHeader, placeOf, readFrameStamp, Subjects } from "@roost/contracts"
import { ContentType } from "@roost/dtls"
import { EdgeWorld, peerOf, TestDevice } from "./support/EdgeWorld.ts"

const { partition } = placeOf("MuGsF6W4", "meter-1")
const owner = Subjects.frameToNode(partition < 256 ? "a" : "b")
const protectedRecord = (contentType: number, cid: ReadonlyArray<number> = []): Uint8Array =>
  Uint8Array.from([contentType, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, ...cid, 0, 2, 1, 2])
const cid = [1, 2, 3, 4, 5, 6, 7, 8]

describe("EdgeCore: what is no DTLS", () => {
  const noise: Record<string, ReadonlyArray<number>> = {
    "an empty datagram": [],
    "a NAT keep-alive of one byte": [0],
    "plaintext CoAP": [0x40, 0x01, 0x12, 0x34, 0xbb, 0x2e, 0x77, 0x65, 0x6c, 0x6c, 0x6b, 0x6e, 0x6f, 0x77, 0x6e],
    "a STUN binding request": [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, ...Array.from({ length: 12 }, () => 7)],
    "a QUIC long header": [0xc3, 0, 0, 0, 1, 8, ...Array.from({ length: 30 }, () => 9)],
    "TLS over TCP's version": [22, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0],
    "DTLS 1.3's unified header": [0x2c, 1, 0, 1, 0, 20, ...Array.from({ length: 20 }, () => 3)],
    "content type 26": [26, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0],
    "a DTLS minor version that does not exist": [23, 0xfe, 0xfc, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0],
    "half a record header": [22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  }
  for (const [name, bytes] of Object.entries(noise)) {
    it(`drops ${name} in silence (C16)`, () => {
      const world = new EdgeWorld()
      world.receive(peerOf(1), Uint8Array.from(bytes))
      assert.deepStrictEqual([world.replies(), world.entries()], [[], []])
      assert.deepStrictEqual([...world.core.counters.dropped], [[bytes.length > 1 ? "NotDtls" : "KeepAlive", 1]])
    })
  }

  for (const contentType of [ContentType.alert, ContentType.application_data]) {
    it(`drops content type ${contentType} of epoch 0, also on a live session (D2, D17)`, () => {
      const world = new EdgeWorld()
      const device = new TestDevice(world, "meter-1")
      device.connect()
      const plaintext = protectedRecord(contentType)
      plaintext[4] = 0
      world.receive(device.peer, plaintext)
      assert.deepStrictEqual([world.replies(), world.entries()], [[], []])
      assert.strictEqual(world.core.counters.dropped.get("Unprotected"), 1)
    })
  }
})

describe("EdgeCore: handshakes", () => {
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

  it("drops what is longer than a stranger needs, and carries what a device sends (trust A5)", () => {
    const world = new EdgeWorld({ strangerBytesMax: 2048 })
    const long = (contentType: number, epoch: number): Uint8Array => {
      const datagram = new Uint8Array(65_000)
      datagram.set(protectedRecord(contentType, cid))
      datagram[4] = epoch
      return datagram
    }
    const strange = [long(22, 0), long(20, 0), long(22, 1), long(20, 1), long(21, 1), long(23, 1), long(25, 1)]
    for (const datagram of strange) world.receive(peerOf(1), datagram)
    const shaking = new TestDevice(world, "meter-1", {}, peerOf(2))
    const flight = shaking.untilKeyExchange()
    for (const datagram of strange) world.receive(peerOf(2), datagram)
    world.receive(peerOf(2), ...flight)
    world.entries()
    for (const datagram of strange) world.receive(peerOf(2), datagram)
    assert.deepStrictEqual([world.entries(), world.replies()], [[], []])
    assert.strictEqual(world.core.counters.dropped.get("StrangerTooLarge"), 21)
    world.tell(FrameKind.Route, 3, peerOf(3), Uint8Array.from(cid))
    world.receive(peerOf(3), long(23, 1), long(25, 1))
    assert.strictEqual(world.entries().length, 2)
  })
})

describe("EdgeCore: routes", () => {
  it("sends records without a connection id by address, after the actor's Route", () => {
    const world = new EdgeWorld()
    const device = new TestDevice(world, "meter-1")
    device.connect()
    const datagram = device.data("up")
    world.receive(device.peer, datagram)
    assert.deepStrictEqual(world.entries(), [
      { subject: owner, kind: FrameKind.Datagram, partition, peer: device.peer, body: datagram }
    ])
  })

  it("takes any packet after the handshake at any edge; spread over four, a handshake waits for repetitions (trust E23)", () => {
    const edges = Array.from({ length: 4 }, () => new EdgeWorld())
    const device = new TestDevice(edges[0]!, "meter-1", { connectionId: new Uint8Array(0) })
    let packets = 0
    const spread = (datagrams: ReadonlyArray<Uint8Array>): void => {
      for (const datagram of datagrams) edges[packets++ % 4]!.receive(device.peer, datagram)
    }
    const replies = () => edges.flatMap((edge) => edge.replies())
    spread(device.start())
    spread(device.take(replies()))
    const flight = device.take(replies())
    const handedOff = () => edges.some((edge) => edge.entries().some(({ kind }) => kind === FrameKind.HalfHandshake))
    let repetitions = -1
    do {
      repetitions++
      spread(flight)
    } while (!handedOff() && repetitions < 4)
    assert.isAtMost(repetitions, 3)

    const connected = new TestDevice(edges[1]!, "meter-1", { connectionId: new Uint8Array(0) }, peerOf(41_000))
    connected.connect()
    for (const [i, edge] of edges.entries()) {
      edge.pass(1000)
      edge.receive(peerOf(50_000 + i), connected.data("up"))
      assert.strictEqual(edge.entries()[0]?.kind, i === 1 ? FrameKind.Datagram : FrameKind.Unrouted)
    }
  })

  it("sends records with a connection id by it, from whatever address (R6, F13)", () => {
    const world = new EdgeWorld()
    const device = new TestDevice(world, "meter-1", { connectionId: new Uint8Array(0) })
    device.connect()
    for (const port of [40_000, 1234, 1235]) {
      const datagram = device.data("up")
      assert.strictEqual(datagram[0], ContentType.tls12_cid)
      world.receive(peerOf(port), datagram)
      assert.deepStrictEqual(world.entries(), [
        { subject: owner, kind: FrameKind.Datagram, partition, peer: peerOf(port), body: datagram }
      ])
    }
    assert.strictEqual(world.core.counters.unrouted, 0)
  })

  it("asks every node about an unknown connection id, and drops one that is cut off (F13)", () => {
    const world = new EdgeWorld()
    world.receive(peerOf(1), protectedRecord(ContentType.tls12_cid, cid))
    world.receive(peerOf(2), protectedRecord(ContentType.tls12_cid, cid).subarray(0, 18))
    assert.deepStrictEqual(
      world.entries().map(({ kind, subject }) => [subject, kind]),
      [[Subjects.frameToNodes, FrameKind.Unrouted]]
    )
    assert.strictEqual(world.core.counters.dropped.get("NotDtls"), 1)
  })

  it("learns after a restart from the answer to an Unrouted datagram (R1)", () => {
    const world = new EdgeWorld()
    const peer = peerOf(7)
    const record = protectedRecord(ContentType.application_data)
    world.receive(peer, record)
    assert.deepStrictEqual(
      world.entries().map(({ kind }) => kind),
      [FrameKind.Unrouted]
    )
    world.tell(FrameKind.Route, 3, peer, Uint8Array.from(cid))
    world.receive(peer, record)
    world.receive(peerOf(8), protectedRecord(ContentType.tls12_cid, cid))
    assert.deepStrictEqual(
      world.entries().map(({ kind, partition, subject }) => [subject, kind, partition]),
      [
        [Subjects.frameToNode("a"), FrameKind.Datagram, 3],
        [Subjects.frameToNode("a"), FrameKind.Datagram, 3]
      ]
    )
  })

  it("deletes no route for a connection id whose last 12 bits somebody changed (trust A6)", () => {
    const world = new EdgeWorld()
    world.tell(FrameKind.Route, 3, peerOf(7), Uint8Array.from(cid))
    for (const [at, bit] of [
      [7, 1],
      [7, 0x80],
      [6, 1],
      [6, 8]
    ] as const) {
      const altered = [...cid]
      altered[at]! ^= bit
      world.pass(1000)
      world.receive(peerOf(8), protectedRecord(ContentType.tls12_cid, altered))
      assert.deepStrictEqual(
        world.entries().map(({ kind }) => kind),
        [FrameKind.Unrouted]
      )
    }
    world.receive(peerOf(9), protectedRecord(ContentType.tls12_cid, cid))
    assert.deepStrictEqual(
      world.entries().map(({ kind, partition }) => [kind, partition]),
      [[FrameKind.Datagram, 3]]
    )
  })

  it("keeps a route that is in doubt, and asks every node about the next datagram, once a second (trust A6)", () => {
    const world = new EdgeWorld({ unroutedQuietMillis: 1000 })
    const peer = peerOf(7)
    const record = protectedRecord(ContentType.application_data)
    const where = () => {
      world.receive(peer, record)
      return world.entries().map(({ kind, partition, subject }) => [subject, kind, partition])
    }
    const toOwner = [[Subjects.frameToNode("a"), FrameKind.Datagram, 3]]
    const toAll = [[Subjects.frameToNodes, FrameKind.Unrouted, 0]]
    world.tell(FrameKind.Route, 3, peer)
    world.tell(FrameKind.Doubt, 0, peer)
    assert.deepStrictEqual(where(), toAll)
    assert.deepStrictEqual(where(), toOwner)
    world.tell(FrameKind.Doubt, 0, peer)
    assert.deepStrictEqual(where(), toOwner, "every node was asked a moment ago")
    world.pass(1000)
    assert.deepStrictEqual(where(), toAll)
    world.tell(FrameKind.Doubt, 0, peer)
    world.tell(FrameKind.Route, 3, peer)
    world.pass(1000)
    assert.deepStrictEqual(where(), toOwner, "whose device it is said so")
  })

  it("finds the device that a NAT gave another one's address to, at a node that the edge did not think of (trust A6)", () => {
    const world = new EdgeWorld()
    const peer = peerOf(7)
    const record = protectedRecord(ContentType.application_data)
    world.tell(FrameKind.Route, 3, peer)
    world.tell(FrameKind.Doubt, 0, peer)
    world.receive(peer, record)
    world.tell(FrameKind.Route, 400, peer)
    world.entries()
    world.receive(peer, record)
    assert.deepStrictEqual(
      world.entries().map(({ partition }) => partition),
      [400]
    )
  })

  it("enters no address for a record that came by connection id: who has the address keeps it (trust C1)", () => {
    const world = new EdgeWorld()
    const peer = peerOf(7)
    world.tell(FrameKind.Route, 3, peer)
    world.tell(FrameKind.RouteById, 400, peer, Uint8Array.from(cid))
    assert.deepStrictEqual([world.core.gauges.routesByCid, world.core.gauges.routesByPeer], [1, 1])
    world.receive(peer, protectedRecord(ContentType.application_data))
    world.receive(peer, protectedRecord(ContentType.tls12_cid, cid))
    assert.deepStrictEqual(
      world.entries().map(({ partition }) => partition),
      [3, 400]
    )
  })

  it("asks about one unknown peer once a second, and about all together no more than the named number", () => {
    const world = new EdgeWorld({ unroutedPerSecondMax: 10, unroutedQuietMillis: 1000 })
    const record = protectedRecord(ContentType.application_data)
    for (let i = 0; i < 5; i++) world.receive(peerOf(1), record)
    assert.strictEqual(world.entries().length, 1)
    assert.strictEqual(world.core.counters.dropped.get("UnroutedRepeated"), 4)
    for (let port = 2; port < 50; port++) world.receive(peerOf(port), record)
    assert.strictEqual(world.entries().length, 9)
    assert.strictEqual(world.core.counters.dropped.get("UnroutedRate"), 39)
    world.pass(1000)
    world.receive(peerOf(1), record)
    assert.strictEqual(world.entries().length, 1)
  })

  it("asks about a device's connection id while noise comes from its address under others (trust A3)", () => {
    const world = new EdgeWorld({ unroutedQuietMillis: 1000 })
    for (let i = 0; i < 100; i++) {
      world.receive(peerOf(1), protectedRecord(ContentType.tls12_cid, [9, 9, 9, 9, 9, 9, i, 9]))
      world.receive(peerOf(1), protectedRecord(ContentType.application_data))
    }
    world.entries()
    world.receive(peerOf(1), protectedRecord(ContentType.tls12_cid, cid))
    assert.strictEqual(world.entries().length, 1)
  })

  it("learns from a record that did not verify where an address is, but is told nothing else by it (trust A3)", () => {
    const world = new EdgeWorld()
    world.tell(FrameKind.Claim, 3, peerOf(7))
    world.tell(FrameKind.Claim, 400, peerOf(7))
    world.receive(peerOf(7), protectedRecord(ContentType.application_data))
    assert.strictEqual(world.entries()[0]!.partition, 3)
  })

  it("leaves half of the questions to every node to those whose source asks little (trust A4)", () => {
    const world = new EdgeWorld({
      unroutedPerSecondMax: 100,
      unroutedPerSourceSecondMax: 1,
      unroutedPerSourceBurstMax: 10,
      unroutedQuietMillis: 1000
    })
    const record = protectedRecord(ContentType.application_data)
    for (let port = 1; port <= 1000; port++) world.receive(peerOf(port), record)
    assert.strictEqual(world.entries().length, 60)
    for (let port = 1; port <= 5; port++) world.receive(peerOf(port, "198.51.100.1"), record)
    assert.strictEqual(world.entries().length, 5)
  })

  it("keeps no more routes than the named number, and the most recently used ones", () => {
    const world = new EdgeWorld({ routesMax: 100 })
    for (let port = 1; port <= 1000; port++) world.tell(FrameKind.Route, 3, peerOf(port))
    assert.isAtMost(world.core.gauges.routesByPeer, 100)
    world.receive(peerOf(1000), protectedRecord(ContentType.application_data))
    assert.strictEqual(world.entries()[0]!.kind, FrameKind.Datagram)
  })

  it("gives what is for a partition between two owners to any node, which knows the next one", () => {
    const world = new EdgeWorld()
    const peer = peerOf(7)
    world.tell(FrameKind.Route, 3, peer)
    world.announce("a", 0, 255, true)
    world.receive(peer, protectedRecord(ContentType.application_data))
    assert.strictEqual(world.entries()[0]!.subject, Subjects.frameToNode("b"))
  })

  it("drops what is for a partition without owner when there is no node, and goes on when there is one again", () => {
    const world = new EdgeWorld()
    const peer = peerOf(7)
    world.tell(FrameKind.Route, 3, peer)
    world.announce("a", 0, 255, true)
    world.announce("b", 256, 511, true)
    world.receive(peer, protectedRecord(ContentType.application_data))
    assert.deepStrictEqual(world.entries(), [])
    assert.strictEqual(world.core.counters.dropped.get("PartitionUnowned"), 1)
    world.announce("c", 0, 255)
    world.receive(peer, protectedRecord(ContentType.application_data))
    assert.strictEqual(world.entries()[0]!.subject, Subjects.frameToNode("c"))
  })
})

describe("EdgeCore: a second handshake on the address of a session", () => {
  it("leaves data with the session's owner while the new handshake's records go to the new one's (D19)", () => {
    const world = new EdgeWorld()
    const device = new TestDevice(world, "meter-1")
    device.connect(3)
    const again = new TestDevice(world, "meter-1")
    const flight = again.untilKeyExchange()
    world.entries()
    world.receive(device.peer, device.data("still here"))
    assert.deepStrictEqual(
      world.entries().map(({ kind, partition }) => [kind, partition]),
      [[FrameKind.Datagram, 3]]
    )
    world.receive(device.peer, ...flight)
    world.entries()
    // Repeated ClientKeyExchange, ChangeCipherSpec and Finished: epochs 0 and 1.
    world.receive(device.peer, ...flight, protectedRecord(ContentType.handshake))
    for (const entry of world.entries()) assert.strictEqual(entry.partition, partition)
    world.receive(device.peer, device.data("and here"), protectedRecord(ContentType.alert))
    for (const entry of world.entries()) assert.strictEqual(entry.partition, 3)
  })

  it("keeps a handed-off handshake when the old session's Route comes late (D19)", () => {
    const world = new EdgeWorld()
    const device = new TestDevice(world, "meter-1")
    world.receive(device.peer, ...device.untilKeyExchange())
    world.entries()
    world.tell(FrameKind.Route, (partition + 1) % 512, device.peer)
    world.receive(device.peer, protectedRecord(ContentType.handshake))
    assert.strictEqual(world.entries()[0]!.partition, partition)
  })

  it("forgets a handed-off handshake of which nothing came", () => {
    const world = new EdgeWorld({ handedOffMillis: 60_000 })
    const device = new TestDevice(world, "meter-1")
    world.receive(device.peer, ...device.untilKeyExchange())
    world.pass(60_000)
    assert.strictEqual(world.core.gauges.handedOff, 1)
    world.pass(60_000)
    assert.strictEqual(world.core.gauges.handedOff, 0)
  })
})

describe("EdgeCore: frames", () => {
  it("batches a turn's datagrams into one frame per node", () => {
    const world = new EdgeWorld()
    for (let port = 1; port <= 40; port++) {
      world.tell(FrameKind.Route, port <= 20 ? 3 : 300, peerOf(port))
      world.receive(peerOf(port), protectedRecord(ContentType.application_data))
    }
    world.core.flush()
    assert.deepStrictEqual(
      world.frames.map(({ subject }) => subject),
      [Subjects.frameToNode("a"), Subjects.frameToNode("b")]
    )
    assert.strictEqual(world.entries().length, 40)
    assert.deepStrictEqual([world.core.counters.framesOut, world.core.counters.entriesOut], [2, 40])
    world.core.flush()
    assert.deepStrictEqual(world.frames, [])
  })

  it("sends a frame that is full before the turn ends", () => {
    const world = new EdgeWorld()
    world.tell(FrameKind.Route, 3, peerOf(1))
    const large = new Uint8Array(60_000)
    large.set(protectedRecord(ContentType.application_data))
    for (let i = 0; i < 10; i++) world.receive(peerOf(1), large)
    assert.strictEqual(world.frames.length, 2)
    assert.strictEqual(world.entries().length, 10)
  })

  it("counts what the bus refused and does not send it later", () => {
    const world = new EdgeWorld()
    world.tell(FrameKind.Route, 3, peerOf(1))
    world.busAvailable = false
    world.receive(peerOf(1), protectedRecord(ContentType.application_data))
    world.core.flush()
    world.busAvailable = true
    assert.deepStrictEqual(world.entries(), [])
    assert.strictEqual(world.core.counters.dropped.get("BusUnavailable"), 1)
  })

  it("counts frames that are not well-formed and entries that are not for an edge", () => {
    const world = new EdgeWorld()
    world.core.handleFrame(world.now, Uint8Array.of(9, 9, 9))
    world.tell(FrameKind.Datagram, 3, peerOf(1))
    assert.strictEqual(world.core.counters.framesMalformed, 2)
  })
})

describe("EdgeCore: times", () => {
  it("measures an uplink from its datagram to the answer that brings the frame's stamp back, and no other datagram", () => {
    const world = new EdgeWorld()
    const times: Array<number> = []
    world.core.counters.uplink = { observe: (seconds) => times.push(seconds) }
    const device = new TestDevice(world, "meter-1")
    device.connect()
    world.entries()
    world.receive(device.peer, protectedRecord(ContentType.application_data))
    world.now += 7
    world.receive(device.peer, protectedRecord(ContentType.application_data))
    world.core.flush()
    const [frame, ...others] = world.frames.splice(0)
    assert.deepStrictEqual(others, [])
    const stamp = readFrameStamp(frame!.headers.slice(frameStampHeader.length + 2).trim())
    assert.strictEqual(stamp, frameStamp(world.now - 7), "of the first datagram")
    world.now += 30
    world.tell(FrameKind.Send, stamp, device.peer, Uint8Array.of(1))
    world.tell(FrameKind.Send, partition, device.peer, Uint8Array.of(2))
    assert.deepStrictEqual(times, [0.037])
    // The clock of the stamp has begun anew meanwhile.
    world.tell(FrameKind.Send, frameStamp(world.now - 20_000), device.peer, Uint8Array.of(3))
    assert.deepStrictEqual(times, [0.037, 20])
  })

  it("measures how long a device takes from ServerHello to its key exchange", () => {
    const world = new EdgeWorld()
    const times: Array<number> = []
    world.core.counters.keyExchange = { observe: (seconds) => times.push(seconds) }
    const device = new TestDevice(world, "meter-1")
    const flight = device.untilKeyExchange()
    world.now += 9_000
    world.receive(device.peer, ...flight)
    assert.deepStrictEqual(times, [9])
  })

  for (const [said, read] of [
    [undefined, 0],
    ["", 0],
    ["12", 0],
    ["32768", 32768],
    ["65535", 65535],
    ["65536", 0],
    ["40000.5", 0],
    ["x", 0]
  ] as const) {
    it(`reads ${JSON.stringify(said)} of a frame's header as ${read}`, () => {
      assert.strictEqual(readFrameStamp(said), read)
    })
  }
})
