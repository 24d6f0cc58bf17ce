import { nodeCrypto as crypto } from "@roost/dtls-crypto"
import { assert, it } from "vitest"
import { ContentType } from "../src/index.ts"
import { concatBytes } from "../src/internal/bytes.ts"
import { greeted, lastFlight, makeServer, now, peer } from "./support/handshake.ts"
import { hex } from "./support/hex.ts"
import { defaultIdentity, ScriptedClient } from "./support/ScriptedClient.ts"

it("every prefix of every datagram of a handshake is taken without an exception, and the handshake completes (F6)", () => {
  const server = makeServer()
  const client = new ScriptedClient({ extensions: { connectionId: Uint8Array.of(1) } })
  const cut = (datagram: Uint8Array): Uint8Array => {
    for (let length = 0; length < datagram.length; length++) server.receive(now, peer, datagram.subarray(0, length))
    return datagram
  }
  client.takeHelloVerifyRequest(server.receive(now, peer, cut(client.hello()))[0]!)
  client.takeServerFlight(server.receive(now, peer, cut(client.hello())))
  const parts = [client.keyExchange(), client.changeCipherSpec(), client.finished()]
  for (const part of parts) cut(part)
  client.takeServerFinished(server.receive(now, peer, concatBytes(parts)))
  server.receive(now, peer, cut(client.data("whole")))
  assert.deepStrictEqual(server.received, ["whole"])
})

// Sockets deliver Buffers, whose slice() is a view: what was kept without a copy changed under the handshake.
it("what is kept survives the reuse of the receive buffer", () => {
  const server = makeServer()
  const receiveBuffer = Buffer.alloc(2048)
  const receive = (datagram: Uint8Array) => {
    receiveBuffer.fill(0xff)
    receiveBuffer.set(datagram)
    const replies = server.receive(now, peer, receiveBuffer.subarray(0, datagram.length)).map((reply) => reply.slice())
    receiveBuffer.fill(0xff)
    return replies
  }
  const client = new ScriptedClient()
  client.takeHelloVerifyRequest(receive(client.hello())[0]!)
  client.takeServerFlight(receive(client.hello()))
  const exchange = client.keyExchange()
  receive(client.finished())
  receive(client.changeCipherSpec())
  client.takeServerFinished(receive(exchange))
})

it("no record number is used twice under a key, whatever is repeated (F10)", () => {
  const server = makeServer({ echo: true })
  const client = greeted(server)
  const sent: Array<Uint8Array> = []
  const exchange = [client.keyExchange(), client.changeCipherSpec(), client.finished()]
  for (let i = 0; i < 5; i++) {
    for (const piece of exchange) sent.push(...server.receive(now, peer, piece))
    sent.push(...server.receive(now, peer, client.finished()))
    sent.push(...server.receive(now, peer, client.seal(ContentType.handshake, new Uint8Array(13).fill(1))))
    if (i > 2) sent.push(...server.receive(now, peer, client.data("echo")))
  }
  const numbers = sent
    .flatMap((datagram) => (datagram[0] === ContentType.change_cipher_spec ? [datagram.subarray(14)] : [datagram]))
    .map((record) => hex(record.subarray(3, 11)))
  assert.isAbove(numbers.length, 10)
  assert.strictEqual(new Set(numbers).size, numbers.length)
})

it("cookies, randoms, session ids and connection ids do not repeat (F17)", () => {
  const seen = new Set<string>()
  const runs = 200
  for (let i = 0; i < runs; i++) {
    const server = makeServer()
    const client = greeted(server, { extensions: { connectionId: new Uint8Array(0) } })
    const { random, sessionId, extensions } = client.serverHello!
    for (const value of [client.cookie, random, sessionId, extensions.connectionId!]) seen.add(hex(value))
  }
  assert.strictEqual(seen.size, 4 * runs)
})

it("an unknown identity and a wrong key look the same on the wire (F21)", () => {
  const outcomes = [{ identity: "no,such,2,60" }, { psk: new Uint8Array(16) }, { identity: defaultIdentity }].map(
    (options) => {
      const server = makeServer()
      const client = greeted(server, options)
      return server.receive(now, peer, lastFlight(client)).length
    }
  )
  assert.deepStrictEqual(outcomes, [0, 0, 1])
})

it("noise is dropped without an answer and without a trace (C16)", () => {
  const server = makeServer()
  for (const noise of [
    new Uint8Array(0),
    Uint8Array.of(0),
    new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"),
    Uint8Array.of(0x40, 1, 0, 1, 0xb1, 0x61),
    new Uint8Array(1500).fill(0x16),
    crypto.randomBytes(100)
  ]) {
    assert.deepStrictEqual(server.receive(now, peer, noise), [])
    assert.strictEqual(server.lastEvent?._tag, "Dropped")
  }
  assert.strictEqual(server.front.size, 0)
})
