import { assert, describe, it } from "@effect/vitest"
import { FrameKind, Subjects } from "@roost/contracts"
import { ContentType } from "@roost/dtls"
import { EdgeWorld, ownerOfMeter1 as owner, partitionOfMeter1 as partition, TestDevice } from "./support/EdgeWorld.ts"
import { peerOf } from "./support/Peers.ts"
import { cid, protectedRecord } from "./support/Records.ts"

describe("DatagramForwarder", () => {
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

describe("DatagramForwarder: a second handshake on the address of a session", () => {
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
