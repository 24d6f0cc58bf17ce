import { nodeCrypto as crypto } from "@roost/dtls-crypto"
import * as Result from "effect/Result"
import { assert, describe, it } from "vitest"
import {
  backHalfLimits,
  encodeHandshake,
  encodePlaintextRecord,
  ContentType,
  fragmentHandshake,
  frontHalfLimits,
  type HandshakeMessage,
  HandshakeType,
  type Peer,
  PendingHandshake
} from "../src/index.ts"
import { concatBytes } from "../src/internal/bytes.ts"
import { Writer } from "../src/internal/Writer.ts"
import { decodeHalf } from "../src/server/HalfHandshake.ts"
import { connect, greet, lastFlight, makeServer, now, peer } from "./support/handshake.ts"
import { hex } from "./support/hex.ts"
import { defaultPsk, ScriptedClient } from "./support/ScriptedClient.ts"
import type { Server } from "./support/Server.ts"

/** As the edge names an IPv4 peer: address × 2^16 + port, so that `sourceOf` finds the host. */
const ipv4 = (host: number, port: number): Peer => ({
  key: (0xc000_0200 + host) * 0x1_0000 + port,
  address: Uint8Array.of(192, 0, 2, host, port >> 8, port & 0xff)
})

const greeted = (server: Server, from: Peer, ...options: ConstructorParameters<typeof ScriptedClient>) => {
  const client = new ScriptedClient(...options)
  client.takeServerFlight(greet(server, client, from))
  return client
}

describe("handshakes before the key exchange", () => {
  it("of a host that opens many displace its own, and a slow device of another host completes (trust A4)", () => {
    const server = makeServer({ limits: { peersInHandshakeMax: 100 } })
    const device = ipv4(1, 5000)
    const client = greeted(server, device)
    for (let port = 0; port < 500; port++) greeted(server, ipv4(2, port))
    assert.strictEqual(server.front.size, 100)
    assert.strictEqual(server.front.evicted, 401)
    client.takeServerFinished(server.receive(now, device, lastFlight(client)))
    assert.isTrue(server.sessions.has(device.key))
  })

  it("of many hosts with one each give way in the order in which they came (trust A4)", () => {
    const server = makeServer({ limits: { peersInHandshakeMax: 3 } })
    const clients = [1, 2, 3, 4].map((host) => [ipv4(host, 1), greeted(server, ipv4(host, 1))] as const)
    const answered = clients.map(([from, client]) => server.receive(now, from, lastFlight(client)).length)
    assert.deepStrictEqual(answered, [0, 1, 1, 1])
  })

  it("of 1 000 devices behind one address all complete, while other hosts have some too (trust A4)", () => {
    const server = makeServer()
    for (let host = 2; host < 50; host++) greeted(server, ipv4(host, 9))
    const clients = Array.from({ length: 1000 }, (_, port) => greeted(server, ipv4(1, port)))
    for (const [port, client] of clients.entries()) {
      client.takeServerFinished(server.receive(now, ipv4(1, port), lastFlight(client)))
    }
    assert.strictEqual(server.sessions.size, 1000)
    assert.strictEqual(server.front.evicted, 0)
  })
})

describe("bytes kept of a stranger", () => {
  const handOff = (...datagrams: ReadonlyArray<(client: ScriptedClient) => Uint8Array>) => {
    const server = makeServer()
    const client = greeted(server, peer)
    for (const datagram of datagrams) {
      const outcome = server.front.handleDatagram(now, peer, datagram(client))
      if (outcome._tag === "HandOff") return { client, half: outcome.half }
    }
    throw new Error("not handed off")
  }
  const recordBytes = (half: Uint8Array) =>
    Result.getOrThrow(decodeHalf(half)).records.reduce((sum, record) => sum + record.length, 0)
  const junk = (bytes: number) => {
    const record = encodePlaintextRecord(ContentType.change_cipher_spec, 9, new Uint8Array(bytes - 13))
    record[4] = 1
    return record
  }

  it.each([
    ["60 000 bytes that are no record", new Uint8Array(60_000).fill(7)],
    ["60 records of 1 000 bytes", concatBytes(Array.from({ length: 60 }, () => junk(1000)))],
    ["1 000 records of 60 bytes", concatBytes(Array.from({ length: 1000 }, () => junk(60)))],
    ["three records of 16 KB", concatBytes(Array.from({ length: 3 }, () => junk(16_000)))],
    ["65 000 empty bytes", new Uint8Array(65_000)]
  ])("behind its key exchange, of %s, are at most what the limit says (trust A2)", (_, rest) => {
    const { half } = handOff((client) => concatBytes([client.keyExchange(), rest]))
    assert.isAtMost(recordBytes(half), frontHalfLimits.bytesPerPeerMax)
    assert.isBelow(half.length, frontHalfLimits.bytesPerPeerMax + 1024)
  })

  it("in front of its key exchange give way to those behind it, and the handshake completes by repetition (trust A2)", () => {
    const { client, half } = handOff(
      () => junk(300),
      (client) => concatBytes([client.keyExchange(), junk(200), junk(200), junk(10_000)])
    )
    assert.strictEqual(recordBytes(half), 400)
    const pending = Result.getOrThrow(PendingHandshake.fromHalf(half))
    pending.own()
    pending.providePsk(crypto, defaultPsk)
    const flight = concatBytes([client.changeCipherSpec(), client.finished()])
    assert.strictEqual(pending.handleDatagram(crypto, now, flight)._tag, "Established")
  })

  it("by the back half are at most its limit, whatever an edge handed over (trust A2)", () => {
    const { client, half } = handOff((c) => c.keyExchange())
    const record = junk(500)
    const withRecords = concatBytes([
      half,
      ...Array.from({ length: 100 }, () => [Uint8Array.of(1, 244), record]).flat()
    ])
    const pending = Result.getOrThrow(PendingHandshake.fromHalf(withRecords))
    for (let i = 0; i < 100; i++) pending.handleDatagram(crypto, now, junk(100))
    assert.isAtMost(pending.pendingBytes, backHalfLimits.pendingBytesMax)
    pending.providePsk(crypto, defaultPsk)
    const flight = concatBytes([client.changeCipherSpec(), client.finished()])
    assert.strictEqual(pending.handleDatagram(crypto, now, flight)._tag, "Established")
  })
})

describe("a patient client (RFC 7925 §11)", () => {
  it.each([9_000, 63_000, 123_000, 179_000])("whose last flight comes after %i ms completes (trust E13)", (late) => {
    const server = makeServer()
    const client = greeted(server, peer)
    server.front.handleTimeout(now + late)
    client.takeServerFinished(server.receive(now + late, peer, lastFlight(client)))
    assert.strictEqual(server.sessions.size, 1)
  })

  it("that repeats its hello after 9, 27, 63 and 123 s gets the same flight, though its cookie is old (trust E13)", () => {
    const server = makeServer()
    const client = new ScriptedClient()
    const [first] = greet(server, client)
    for (const late of [9_000, 27_000, 63_000, 123_000]) {
      server.front.handleTimeout(now + late)
      const [again] = server.receive(now + late, peer, client.hello())
      assert.strictEqual(hex(again!.subarray(13, 80)), hex(first!.subarray(13, 80)))
    }
    client.takeServerFlight([first!])
    client.takeServerFinished(server.receive(now + 150_000, peer, lastFlight(client)))
  })

  it("is forgotten after 180 s (trust E13)", () => {
    const server = makeServer()
    greeted(server, peer)
    assert.strictEqual(server.front.handleTimeout(now + 179_999), 0)
    assert.strictEqual(server.front.handleTimeout(now + 180_000), 1)
    assert.strictEqual(server.front.size, 0)
  })
})

describe("a client whose NAT gives it another port between ServerHello and the end", () => {
  const elsewhere = ipv4(7, 7)
  const withId = { extensions: { connectionId: new Uint8Array(0) } }

  it("completes by its connection id, in one datagram or in three, in any order (trust G5)", () => {
    const orders = [
      [0, 1, 2],
      [2, 0, 1],
      [1, 2, 0],
      [2, 1, 0]
    ]
    for (const order of [undefined, ...orders]) {
      const server = makeServer()
      const client = greeted(server, peer, withId)
      const send = () => {
        const pieces = [client.keyExchange(), client.changeCipherSpec(), client.finished()]
        const datagrams = order === undefined ? [concatBytes(pieces)] : order.map((i) => pieces[i]!)
        return datagrams.flatMap((datagram) => server.receive(now, elsewhere, datagram))
      }
      // The first flight may lack the connection id: the client's repetition has it behind it.
      const replies = [send(), send()].flat()
      client.takeServerFinished([replies[0]!])
      assert.strictEqual(server.front.size, 0)
      assert.strictEqual(server.sessions.get(peer.key)!.readCidLength, 8)
    }
  })

  it("an observer who repeats a record with the id from elsewhere takes nothing away (trust G5)", () => {
    const server = makeServer()
    const client = greeted(server, peer, withId)
    const exchange = client.keyExchange()
    server.receive(now, elsewhere, client.finished())
    server.receive(now, elsewhere, client.changeCipherSpec())
    client.takeServerFinished(
      [exchange, client.changeCipherSpec(), client.finished()].flatMap((datagram) =>
        server.receive(now, peer, datagram)
      )
    )
  })

  it("a hello from the new address begins a handshake of its own (trust G5)", () => {
    const server = makeServer()
    greeted(server, peer, withId)
    connect(server, withId, elsewhere)
    assert.strictEqual(server.front.size, 1)
  })

  it("a connection id that nobody has finds nothing (trust G5)", () => {
    const server = makeServer()
    const client = greeted(server, peer, withId)
    const flight = lastFlight(client)
    flight[flight.length - 40]! ^= 1
    const forged = client.finished()
    forged.set(new Uint8Array(8).fill(9), 11)
    const outcome = server.front.handleDatagram(now, elsewhere, concatBytes([client.changeCipherSpec(), forged]))
    assert.strictEqual(outcome._tag, "Forward")
    assert.isFalse(server.front.hasConnectionId(forged, 11))
    assert.isTrue(server.front.hasConnectionId(client.finished(), 11))
    assert.strictEqual(greet(server, new ScriptedClient(withId), elsewhere)[0]![13], HandshakeType.server_hello)
  })
})

describe("a forged piece of a key exchange", () => {
  const other = { type: HandshakeType.client_key_exchange, messageSeq: 2, body: new Uint8Array(100).fill(7) }
  const piecesOf = (message: HandshakeMessage) =>
    fragmentHandshake(message, 60).map((piece, i) => encodePlaintextRecord(ContentType.handshake, 50 + i, piece))
  const [forged, late] = piecesOf(other)

  it("keeps out neither a whole key exchange nor one in pieces that comes after it (trust A3)", () => {
    const server = makeServer()
    const client = greeted(server, peer)
    server.receive(now, peer, forged!)
    client.takeServerFinished(server.receive(now, peer, lastFlight(client)))

    const identity = new Uint8Array(90).fill(0x61)
    const small = makeServer({ pskOf: (name) => (name === String.fromCharCode(...identity) ? defaultPsk : undefined) })
    const slow = greeted(small, peer, { identity })
    const own = slow.keyExchangeMessage()
    slow.keyExchange()
    const [first, ...rest] = piecesOf(own)
    for (const piece of [forged!, first!, late!]) small.receive(now, peer, piece)
    // The client's repetition.
    for (const piece of [first!, ...rest]) small.receive(now, peer, piece)
    slow.takeServerFinished(small.receive(now, peer, concatBytes([slow.changeCipherSpec(), slow.finished()])))
  })

  it("before each piece of the client's keeps it out for no round (trust A3)", () => {
    const identity = new Uint8Array(90).fill(0x61)
    for (const bytes of [60, 40]) {
      const server = makeServer({
        pskOf: (name) => (name === String.fromCharCode(...identity) ? defaultPsk : undefined)
      })
      const client = greeted(server, peer, { identity })
      const own = client.keyExchangeMessage()
      client.keyExchange()
      const sent = (message: HandshakeMessage, i: number) =>
        encodePlaintextRecord(ContentType.handshake, 50, fragmentHandshake(message, bytes)[i]!)
      for (let i = 0; i < fragmentHandshake(own, bytes).length; i++) {
        const body = Uint8Array.from(own.body, (byte, at) => (at < 2 ? byte : 0x62 + i))
        server.receive(now, peer, sent({ ...own, body }, i))
        server.receive(now, peer, sent(own, i))
      }
      client.takeServerFinished(server.receive(now, peer, concatBytes([client.changeCipherSpec(), client.finished()])))
    }
  })
})

describe("copies of a ClientHello whose cookie somebody saw", () => {
  const hello = (client: ScriptedClient, messageSeq: number, padding = 0) => {
    const body = client.helloBody()
    // Behind extended_master_secret, its only extension: another one, which no cookie covers.
    const extensions = new Writer()
      .uint16(8 + padding)
      .put(body.subarray(-4))
      .uint16(0xff55)
      .vector16(new Uint8Array(padding))
    const padded = concatBytes([body.subarray(0, -6), extensions.finish()])
    return encodePlaintextRecord(
      ContentType.handshake,
      messageSeq,
      encodeHandshake(HandshakeType.client_hello, messageSeq, padded)
    )
  }

  it("displace no handshake that was begun with another cookie, however many and large they are (trust A3)", () => {
    const server = makeServer()
    const seen = greeted(server, peer)
    const copies = (from: number) => {
      for (let i = 0; i < 10; i++) {
        server.receive(now, peer, hello(seen, from + i))
        server.receive(now, peer, hello(seen, from + i, 1_800))
      }
    }
    copies(10)
    const client = greeted(server, peer)
    copies(30)
    client.takeServerFinished(server.receive(now, peer, lastFlight(client)))
  })
})
