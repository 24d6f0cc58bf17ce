import { assert, describe, it } from "vitest"
import {
  cookiePeriodMillis,
  encodeHandshake,
  fragmentHandshake,
  HandshakeType,
  TLS_PSK_WITH_AES_128_CBC_SHA256
} from "../src/index.ts"
import { concatBytes } from "../src/internal/bytes.ts"
import { completes, connect, greeted, lastFlight, makeServer, now, peer, peerOf } from "./support/handshake.ts"
import { ScriptedClient } from "./support/ScriptedClient.ts"
import type { Server } from "./support/Server.ts"

describe("cookies (RFC 6347 §4.2.1, D21)", () => {
  const cookied = (server: Server): ScriptedClient => {
    const client = new ScriptedClient()
    client.takeHelloVerifyRequest(server.receive(now, peer, client.hello())[0]!)
    return client
  }
  const answerType = (server: Server, client: ScriptedClient, at = now, from = peer): number =>
    server.receive(at, from, client.hello())[0]![13]!

  it("is valid through the period after its own, on every edge with the same routing key, and not longer", () => {
    const periodStart = Math.floor(now / cookiePeriodMillis) * cookiePeriodMillis
    const client = cookied(makeServer())
    assert.strictEqual(
      answerType(makeServer(), client, periodStart + 2 * cookiePeriodMillis - 1),
      HandshakeType.server_hello
    )
    const late = makeServer()
    assert.strictEqual(
      answerType(late, client, periodStart + 2 * cookiePeriodMillis),
      HandshakeType.hello_verify_request
    )
    assert.strictEqual(late.front.size, 0)
  })

  it("is bound to the address", () => {
    const server = makeServer()
    assert.strictEqual(
      answerType(server, cookied(server), now, peerOf("192.0.2.1:50001")),
      HandshakeType.hello_verify_request
    )
    assert.strictEqual(server.front.size, 0)
  })

  it("is bound to the parameters of the hello", () => {
    const server = makeServer()
    for (const options of [
      { version: 0xfefc },
      { cipherSuites: [TLS_PSK_WITH_AES_128_CBC_SHA256] },
      { session: connect(makeServer()).session! }
    ]) {
      const other = new ScriptedClient(options)
      const client = cookied(server)
      other.random.set(client.random)
      other.cookie = client.cookie
      assert.strictEqual(answerType(server, other), HandshakeType.hello_verify_request)
    }
    const sameButRandom = cookied(server)
    sameButRandom.random[31]! ^= 1
    assert.strictEqual(answerType(server, sameButRandom), HandshakeType.hello_verify_request)
  })

  it("any bit flipped, any byte missing or added: a new cookie is asked for", () => {
    const server = makeServer()
    const client = cookied(server)
    const valid = client.cookie
    for (let bit = 0; bit < valid.length * 8; bit++) {
      client.cookie = valid.slice()
      client.cookie[bit >> 3]! ^= 1 << (bit & 7)
      assert.strictEqual(answerType(server, client), HandshakeType.hello_verify_request)
    }
    client.cookie = valid.subarray(1)
    assert.strictEqual(answerType(server, client), HandshakeType.hello_verify_request)
    client.cookie = Uint8Array.of(...valid, 0)
    assert.strictEqual(answerType(server, client), HandshakeType.hello_verify_request)
    client.cookie = valid
    assert.strictEqual(answerType(server, client), HandshakeType.server_hello)
  })

  it("a second HelloVerifyRequest counts on: its message_seq is the hello's (RFC 6347 §4.2.2)", () => {
    const server = makeServer()
    const client = cookied(server)
    client.cookie = new Uint8Array(16)
    client.takeHelloVerifyRequest(server.receive(now, peer, client.hello())[0]!)
    assert.strictEqual(client.helloSeq, 2)
    client.takeServerFlight(server.receive(now, peer, client.hello()))
    client.takeServerFinished(server.receive(now, peer, lastFlight(client)))
  })
})

describe("before the cookie nothing is kept and no more comes back than went in", () => {
  it("the smallest hello that decodes gets a smaller answer (C15)", () => {
    const hello = new ScriptedClient({ extensions: { extendedMasterSecret: false } }).hello()
    const [answer] = makeServer().receive(now, peer, hello)
    assert.isBelow(answer!.length, hello.length)
  })

  it("many hellos in one datagram get one answer", () => {
    const server = makeServer()
    const client = new ScriptedClient()
    assert.lengthOf(server.receive(now, peer, concatBytes([client.hello(), client.hello(), client.hello()])), 1)
  })

  it("a hello in fragments is dropped (F5)", () => {
    const server = makeServer()
    const client = new ScriptedClient()
    const hello = client.hello().subarray(13 + 12)
    for (const fragment of fragmentHandshake({ type: 1, messageSeq: 0, body: hello }, 13)) {
      assert.deepStrictEqual(server.receive(now, peer, client.plaintext(fragment)), [])
    }
    assert.isTrue(server.events.every((event) => "reason" in event && event.reason === "FragmentedClientHello"))
  })
})

describe("bounds after the cookie", () => {
  it("what overtakes ClientKeyExchange is kept up to a limit (CVE-2022-29189, F2)", () => {
    const server = makeServer({ limits: { bytesPerPeerMax: 100 } })
    const client = greeted(server)
    const exchange = client.keyExchange()
    for (let i = 0; i < 50; i++) server.receive(now, peer, client.changeCipherSpec())
    assert.deepStrictEqual(server.lastEvent, { _tag: "Dropped", reason: "BufferFull" })
    server.receive(now, peer, exchange)
    client.takeServerFinished(server.receive(now, peer, client.finished()))
  })

  it.each([
    ["huge message_seq", 0xffff, 10],
    ["huge length", 2, 0xffffff]
  ])("F2 a ClientKeyExchange with %s is dropped", (_, messageSeq, length) => {
    const server = makeServer()
    const client = greeted(server)
    const message = encodeHandshake(HandshakeType.client_key_exchange, messageSeq, new Uint8Array(10))
    message.set([length >> 16, (length >> 8) & 0xff, length & 0xff], 1)
    assert.deepStrictEqual(server.receive(now, peer, client.plaintext(message)), [])
    completes(server, client)
  })

  it.each([
    [0, "HandOff"],
    [1, "HandOff"],
    [128, "HandOff"],
    [129, "IdentityTooLong"],
    [1000, "IdentityTooLong"]
  ])("F20 an identity of %i bytes: %s (RFC 4279 §5.3)", (length, expected) => {
    const server = makeServer()
    const client = greeted(server, { identity: new Uint8Array(length).fill(0xff) })
    assert.deepStrictEqual(server.receive(now, peer, lastFlight(client)), [])
    const outcome = server.events.find(({ _tag }) => _tag === "HandOff") ?? server.lastEvent!
    assert.strictEqual("reason" in outcome ? outcome.reason : outcome._tag, expected)
  })

  // A hello of 64 KB with a valid cookie made the hand-off overflow a 16-bit length. And 65 536 of them would have been 4 GB.
  it("a ClientHello larger than the limit is dropped, even with a valid cookie (F18)", () => {
    const server = makeServer()
    const client = new ScriptedClient()
    client.takeHelloVerifyRequest(server.receive(now, peer, client.hello())[0]!)
    const hello = client.hello().subarray(25)
    const unknown = (length: number) => Uint8Array.of(0xab, 0xcd, length >> 8, length & 0xff, ...new Uint8Array(length))
    for (const [length, expected] of [
      [1900, "Reply"],
      [16_000, "Dropped"]
    ] as const) {
      const extended = concatBytes([hello, unknown(length)])
      const listAt = hello.length - 6
      extended.set([(length + 8) >> 8, (length + 8) & 0xff], listAt)
      server.receive(now, peer, client.plaintext(encodeHandshake(HandshakeType.client_hello, 1, extended)))
      assert.strictEqual(server.lastEvent!._tag, expected)
    }
    assert.deepStrictEqual(server.lastEvent, { _tag: "Dropped", reason: "ClientHelloTooLarge" })
  })

  it("a handshake far up in the record numbers never wraps them", () => {
    const server = makeServer()
    const client = new ScriptedClient()
    client.sequence = 2 ** 48 - 2
    assert.deepStrictEqual(server.receive(now, peer, client.hello()), [])
    assert.deepStrictEqual(server.lastEvent, { _tag: "Dropped", reason: "UnexpectedRecord" })
  })
})
