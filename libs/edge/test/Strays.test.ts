import { assert, describe, it } from "@effect/vitest"
import { FrameKind, FrameWriter } from "@roost/contracts"
import {
  type ClientOptions,
  ContentType,
  encodePlaintextRecord,
  fragmentHandshake,
  HandshakeType,
  readHandshakeFragment,
  readRecord,
  TLS_PSK_WITH_AES_128_CBC_SHA256
} from "@roost/dtls"
import { EdgeWorld, partitionOfMeter1 as partition, TestDevice } from "./support/EdgeWorld.ts"
import { JoinedEdges, SpreadDevice } from "./support/JoinedEdges.ts"
import { peerOf } from "./support/Peers.ts"
import { protectedRecord } from "./support/Records.ts"

/** Each record in a datagram of its own. */
const recordsOf = (flight: ReadonlyArray<Uint8Array>): Array<Uint8Array> =>
  flight.flatMap((datagram) => {
    const records: Array<Uint8Array> = []
    for (let offset = 0; offset < datagram.length;) {
      const { next } = readRecord(datagram, offset, 8)!
      records.push(datagram.subarray(offset, next))
      offset = next
    }
    return records
  })

/** The same flight with its ClientKeyExchange in pieces of so many bytes. */
const inPieces = (flight: ReadonlyArray<Uint8Array>, bytes: number): Array<Uint8Array> => {
  const [exchange, ...rest] = recordsOf(flight)
  const { fragment, messageSeq, type } = readHandshakeFragment(readRecord(exchange!, 0, 8)!.fragment, 0)!
  const pieces = fragmentHandshake({ type, messageSeq, body: fragment }, 12 + bytes)
  return [...pieces.map((piece, i) => encodePlaintextRecord(ContentType.handshake, 20 + i, piece)), ...rest]
}

const connectionId = new Uint8Array(0)
const clients: Readonly<Record<string, Partial<ClientOptions>>> = {
  CCM_8: {},
  CBC: { suites: [TLS_PSK_WITH_AES_128_CBC_SHA256] },
  "a connection id": { connectionId },
  "CBC and a connection id": { suites: [TLS_PSK_WITH_AES_128_CBC_SHA256], connectionId }
}

describe("a handshake whose flows are hashed anew, of a client with", () => {
  for (const [name, options] of Object.entries(clients)) {
    const begin = (...hellosAt: ReadonlyArray<number>) => {
      const edges = new JoinedEdges(3)
      const device = new SpreadDevice(edges, options)
      return { edges, device, flight: device.untilLastFlight(...hellosAt) }
    }

    it(`${name} goes on at the edge that has the half, which hears the owner's answer`, () => {
      const { device, edges, flight } = begin(0)
      device.send(1, ...flight)
      device.settle()
      assert.isTrue(device.connected)
      assert.strictEqual(device.answeredBy, "edge0")
      assert.strictEqual(edges.edges[0]!.core.gauges.handshakes, 0)
      assert.strictEqual(edges.edges[0]!.core.gauges.handedOff, 0)
      assert.strictEqual(edges.edges[0]!.core.counters.straysTaken, 1)
    })

    it(`${name} goes on wherever each record of the flight comes to`, () => {
      for (let spread = 0; spread < 27; spread++) {
        const { device, flight } = begin(0)
        recordsOf(flight).forEach((record, i) => {
          device.send(Math.floor(spread / 3 ** i) % 3, record)
          device.settle()
        })
        assert.isTrue(device.connected, `spread ${spread}`)
      }
    })

    it(`${name} goes on wherever the pieces of its key exchange come to, in either order`, () => {
      for (const reversed of [false, true]) {
        const { device, flight } = begin(0)
        const pieces = inPieces(flight, 6)
        if (reversed) pieces.reverse()
        pieces.forEach((piece, i) => {
          device.send(i % 3, piece)
          device.settle()
        })
        assert.isTrue(device.connected)
      }
    })

    it(`${name} goes on with its first repeated flight where two edges answered its ClientHello`, () => {
      for (const split of [(flight: ReadonlyArray<Uint8Array>) => flight, recordsOf]) {
        const { device, edges, flight } = begin(0, 1)
        device.send(1, ...split(flight))
        device.settle()
        edges.pass(1000)
        for (const datagram of split(device.repeat())) {
          device.send(1, datagram)
          device.settle()
        }
        assert.isTrue(device.connected)
      }
    })

    it(`${name} begins anew where the edge with the half is gone: nobody answers, and its next ClientHello does`, () => {
      const { device, flight } = begin(0)
      const left = new JoinedEdges(2)
      left.edges[0]!.receive(device.peer, ...flight)
      assert.isTrue(left.settle().every(({ kind }) => kind === FrameKind.Unrouted))
      for (const edge of left.edges) assert.deepStrictEqual(edge.replies(), [])
      const again = new SpreadDevice(left, options)
      again.send(0, ...again.untilLastFlight(0))
      again.settle()
      assert.isTrue(again.connected)
    })
  }

  it("a connection id goes on from another port and by another edge (RFC 9146 §6, trust G5)", () => {
    for (const split of [(flight: ReadonlyArray<Uint8Array>) => flight, recordsOf]) {
      const edges = new JoinedEdges(3)
      const device = new SpreadDevice(edges, { connectionId })
      const flight = device.untilLastFlight(0)
      device.peer = peerOf(50_000)
      device.send(1, ...split(flight))
      device.settle()
      edges.pass(1000)
      // Apart, the key exchange is known by the connection id that came behind it.
      if (!device.connected) device.send(1, ...split(device.repeat()))
      device.settle()
      assert.isTrue(device.connected)
    }
  })
})

describe("Strays", () => {
  const lone = (limits: ConstructorParameters<typeof EdgeWorld>[0] = {}) => new EdgeWorld(limits)
  const told = (world: EdgeWorld) => {
    world.entries()
    return world.strays.splice(0)
  }
  const flightOf = (options = {}) => {
    const edges = new JoinedEdges(1)
    return new SpreadDevice(edges, options).untilLastFlight(0)
  }

  it("are told of once, and never by an edge that was told", () => {
    const edges = new JoinedEdges(3)
    const device = new SpreadDevice(edges)
    device.send(1, ...device.untilLastFlight(0))
    device.settle()
    device.send(2, ...flightOf())
    edges.settle()
    assert.lengthOf(edges.strayFrames, 2)
    assert.deepStrictEqual(
      edges.edges.map(({ core }) => core.counters.straysTold),
      [0, 1, 1]
    )
  })

  it("are nothing to an edge that has no half of them: it neither answers nor asks", () => {
    const edges = new JoinedEdges(3)
    edges.edges[0]!.receive(peerOf(1), ...flightOf())
    const entries = edges.settle()
    assert.deepStrictEqual(
      entries.map(({ heardBy, kind }) => [heardBy, kind]),
      [["edge0", FrameKind.Unrouted]]
    )
    for (const edge of edges.edges) assert.deepStrictEqual(edge.replies(), [])
  })

  it("are no part of a handshake that stays at its edge, whose owner takes its time", () => {
    for (const options of Object.values(clients)) {
      const world = lone()
      const device = new TestDevice(world, "meter-1", options)
      world.receive(device.peer, ...recordsOf(device.untilKeyExchange()))
      assert.deepStrictEqual(told(world), [])
    }
  })

  it("are looked for again with a flight that no owner confirmed: another edge may have the half that it means", () => {
    const world = lone()
    const device = new TestDevice(world, "meter-1")
    const flight = device.untilKeyExchange()
    world.receive(device.peer, ...flight)
    told(world)
    world.pass(499)
    world.receive(device.peer, ...flight)
    assert.lengthOf(told(world), 0)
    world.pass(1)
    world.receive(device.peer, ...flight)
    assert.lengthOf(told(world), 1)
  })

  it("are nothing but what can be of a last flight", () => {
    const [flight] = flightOf()
    const [exchange, change, finished] = recordsOf([flight!])
    const [ofId] = recordsOf(flightOf({ connectionId })).slice(-1)
    const sequence = (record: Uint8Array, number: number) => {
      const copy = new Uint8Array(record)
      copy[10] = number
      return copy
    }
    const long = new Uint8Array(513)
    long.set(flight!)
    const hello = new TestDevice(lone(), "meter-1").start()[0]!
    const tells = (datagram: Uint8Array) => {
      const world = lone()
      world.receive(peerOf(1), datagram)
      return told(world).length === 1
    }
    for (const datagram of [flight!, exchange!, change!, finished!, ofId!, sequence(finished!, 15)])
      assert.isTrue(tells(datagram))
    const others = [
      hello,
      long,
      exchange!.subarray(0, exchange!.length - 1),
      encodePlaintextRecord(ContentType.handshake, 1, new Uint8Array(40).fill(HandshakeType.finished)),
      encodePlaintextRecord(ContentType.change_cipher_spec, 1, Uint8Array.of(2)),
      encodePlaintextRecord(ContentType.change_cipher_spec, 1, Uint8Array.of(1, 1)),
      encodePlaintextRecord(ContentType.alert, 1, Uint8Array.of(2, 40)),
      sequence(finished!, 16),
      sequence(ofId!, 16),
      protectedRecord(ContentType.handshake),
      protectedRecord(ContentType.application_data),
      protectedRecord(ContentType.tls12_cid, [1, 2, 3, 4, 5, 6, 7, 8])
    ]
    for (const datagram of others) assert.isFalse(tells(datagram))
  })

  it("of one address and port are told of within its rate, whatever it sprays, and those of others all the same", () => {
    const world = lone({ straysPerPeerSecondMax: 8, straysPerPeerBurstMax: 32 })
    const [flight] = flightOf()
    const spray = (port: number) => {
      for (let i = 0; i < 500; i++) world.receive(peerOf(port), flight!)
      return told(world).length
    }
    assert.strictEqual(spray(1), 32)
    assert.strictEqual(world.core.counters.straysOverRate, 468)
    assert.strictEqual(spray(2), 32)
    world.pass(1000)
    assert.strictEqual(spray(1), 8)
  })

  it("of one source leave others half of what there is, whatever ports it sprays from", () => {
    const world = lone({ straysPerSecondMax: 100, straysPerSourceSecondMax: 1, straysPerSourceBurstMax: 10 })
    const [flight] = flightOf()
    const spray = (host: string) => {
      for (let port = 1; port <= 500; port++) world.receive(peerOf(port, host), flight!)
      return told(world).length
    }
    assert.strictEqual(spray("192.0.2.1"), 60)
    assert.strictEqual(spray("198.51.100.1"), 10)
    world.pass(1000)
    assert.isAtMost(spray("192.0.2.1"), 100)
  })

  it("that come twice hand off once, and a frame of the edge itself is nothing to it", () => {
    const edges = new JoinedEdges(2)
    const device = new SpreadDevice(edges)
    device.send(1, ...device.untilLastFlight(0))
    const first = device.settle()
    const [frame] = edges.strayFrames
    assert.isFalse(edges.edges[1]!.core.handleStrays(edges.edges[1]!.now, frame!))
    edges.edges[0]!.core.handleStrays(edges.edges[0]!.now, frame!)
    const again = edges.settle()
    assert.deepStrictEqual(
      [...first, ...again]
        .filter(({ kind }) => kind !== FrameKind.Unrouted)
        .map(({ heardBy, kind }) => [heardBy, kind]),
      [["edge0", FrameKind.HalfHandshake]]
    )
  })

  it("take the half along to the partition's next owner, or once more to the same one", () => {
    const edges = new JoinedEdges(2)
    const device = new SpreadDevice(edges)
    device.send(1, ...device.untilLastFlight(0))
    edges.settle()
    edges.pass(1000)
    device.send(1, ...device.repeat())
    assert.deepStrictEqual(
      edges
        .settle()
        .filter(({ kind }) => kind !== FrameKind.Unrouted)
        .map(({ heardBy, kind, partition }) => [heardBy, kind, partition]),
      [FrameKind.RepeatedHalfHandshake, FrameKind.Datagram].map((kind) => ["edge0", kind, partition])
    )
  })

  it("begin nothing and are answered by nothing, whatever a frame has", () => {
    const world = lone()
    const device = new TestDevice(world, "meter-1")
    const [hello] = device.start()
    world.receive(device.peer, hello!)
    const [proved] = device.take(world.replies())
    world.receive(device.peer, proved!)
    const [flight] = device.take(world.replies())
    const change = encodePlaintextRecord(ContentType.change_cipher_spec, 1, Uint8Array.of(1))
    const long = new Uint8Array(60_000)
    long.set(flight!)
    const frame = new FrameWriter("another")
    for (const body of [hello!, proved!, Buffer.concat([change, hello!]), Buffer.concat([change, proved!]), long]) {
      frame.add(FrameKind.Stray, 0, device.peer, body)
      frame.add(FrameKind.Stray, 0, peerOf(7), body)
    }
    frame.add(FrameKind.Send, 0, device.peer, hello!)
    frame.add(FrameKind.Route, 3, device.peer, new Uint8Array(8))
    world.core.handleStrays(world.now, frame.take())
    assert.deepStrictEqual([world.replies(), world.entries(), world.strays], [[], [], []])
    assert.strictEqual(world.core.gauges.handshakes, 1)
    assert.strictEqual(world.core.gauges.routesByPeer, 0)
    assert.strictEqual(world.core.counters.framesMalformed, 2)
    for (const noise of [new Uint8Array(0), Uint8Array.of(9, 1, 1), Uint8Array.of(1, 200, 1)])
      assert.isFalse(world.core.handleStrays(world.now, noise))
    world.receive(device.peer, flight!)
    assert.strictEqual(world.core.gauges.handedOff, 1)
  })
})
