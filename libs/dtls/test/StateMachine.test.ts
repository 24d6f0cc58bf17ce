import { assert, describe, it } from "vitest"
import {
  ContentType,
  encodeAlert,
  encodeHandshake,
  fatalAlert,
  fragmentHandshake,
  HandshakeType,
  TLS_PSK_WITH_AES_128_CBC_SHA256
} from "../src/index.ts"
import { concatBytes } from "../src/internal/bytes.ts"
import { completes, connect, greet, greeted, lastFlight, makeServer, now, peer, peerOf } from "./support/handshake.ts"
import { hex } from "./support/hex.ts"
import { ScriptedClient } from "./support/ScriptedClient.ts"
import type { Server } from "./support/Server.ts"

const permutations = <A>(items: ReadonlyArray<A>): Array<Array<A>> =>
  items.length < 2
    ? [[...items]]
    : items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item].concat(rest)))

describe("the state machine", () => {
  it("Finished in plaintext without ChangeCipherSpec never connects (Scandium 2.0.0, pion 2019) (D1)", () => {
    const server = makeServer({ echo: true })
    const client = greeted(server)
    server.receive(now, peer, client.keyExchange())
    assert.deepStrictEqual(server.receive(now, peer, client.plaintext(client.finishedMessage())), [])
    const data = client.plaintext(new TextEncoder().encode("echo"), ContentType.application_data)
    assert.deepStrictEqual(server.receive(now, peer, data), [])
    assert.strictEqual(server.sessions.size, 0)
    assert.deepStrictEqual(server.received, [])
    completes(server, client)
  })

  it("a protected Finished counts only once ChangeCipherSpec was seen (D1)", () => {
    const server = makeServer()
    const client = greeted(server)
    server.receive(now, peer, client.keyExchange())
    assert.deepStrictEqual(server.receive(now, peer, client.finished()), [])
    assert.strictEqual(server.sessions.size, 0)
    client.takeServerFinished(server.receive(now, peer, client.changeCipherSpec()))
  })

  it("data in epoch 0 is dropped before, during and after the handshake (CVE-2019-20786, D2)", () => {
    const server = makeServer()
    const client = new ScriptedClient()
    const plain = () => client.plaintext(new TextEncoder().encode("plain"), ContentType.application_data)
    assert.deepStrictEqual(server.receive(now, peer, plain()), [])
    client.takeServerFlight(greet(server, client))
    assert.deepStrictEqual(server.receive(now, peer, plain()), [])
    server.receive(now, peer, client.keyExchange())
    assert.deepStrictEqual(server.receive(now, peer, plain()), [])
    completes(server, client)
    assert.deepStrictEqual(server.receive(now, peer, plain()), [])
    assert.deepStrictEqual(server.received, ["proof"])
  })

  it("ChangeCipherSpec first: no state, no answer (CVE-2017-7243, D3)", () => {
    const server = makeServer()
    const client = new ScriptedClient()
    assert.deepStrictEqual(server.receive(now, peer, client.changeCipherSpec()), [])
    assert.deepStrictEqual(server.lastEvent, { _tag: "Forward" })
    assert.strictEqual(server.front.size, 0)
    client.takeServerFlight(greet(server, client))
    assert.deepStrictEqual(server.receive(now, peer, client.changeCipherSpec()), [])
    completes(server, client)
  })

  it("more ChangeCipherSpecs after completion change no epoch (pion #138) (D4)", () => {
    const server = makeServer()
    const client = greeted(server)
    completes(server, client)
    for (let i = 0; i < 3; i++) server.receive(now, peer, client.changeCipherSpec())
    server.receive(now, peer, client.data("again"))
    assert.deepStrictEqual(server.received, ["proof", "again"])
  })

  it.each([1, 0xffff])("a ClientHello in epoch %i has no effect (CVE-2021-42141, CVE-2021-42142, D5)", (epoch) => {
    const server = makeServer()
    const client = new ScriptedClient()
    const hello = client.hello()
    hello[3] = epoch >> 8
    hello[4] = epoch & 0xff
    assert.deepStrictEqual(server.receive(now, peer, hello), [])
    assert.strictEqual(server.front.size, 0)
    client.takeServerFlight(greet(server, client))
    completes(server, client)
  })

  it("ClientKeyExchange in epoch 1 does no harm (tinydtls #79, #85) (D6)", () => {
    const server = makeServer()
    const client = greeted(server)
    const wrong = client.keyExchange()
    wrong[4] = 1
    assert.deepStrictEqual(server.receive(now, peer, wrong), [])
    completes(server, client)
  })

  describe("ClientKeyExchange, ChangeCipherSpec and Finished in three datagrams complete (californium #592) (D7)", () => {
    const pieces = ["keyExchange", "changeCipherSpec", "finished"] as const
    const lastFlight = () => {
      const server = makeServer()
      const client = greeted(server)
      const keyExchange = client.keyExchange()
      const changeCipherSpec = client.changeCipherSpec()
      return { server, client, made: { keyExchange, changeCipherSpec, finished: client.finished() } }
    }
    it.each(permutations(pieces))("in the order %s, %s, %s", (...order) => {
      const { client, made, server } = lastFlight()
      const replies = order.flatMap((piece) => server.receive(now, peer, made[piece]))
      client.takeServerFinished(replies)
    })

    it.each(permutations(pieces))("each of them twice, in the order %s, %s, %s", (...order) => {
      const { client, made, server } = lastFlight()
      const twice = order.flatMap((piece) => [made[piece], made[piece]])
      const replies = twice.flatMap((datagram) => server.receive(now, peer, datagram))
      client.takeServerFinished([replies[0]!])
      assert.strictEqual(server.sessions.size, 1)
    })
  })

  it("in fragments of one byte, in reverse order (D7)", () => {
    const server = makeServer()
    const client = greeted(server)
    client.keyExchange()
    const fragments = fragmentHandshake(client.keyExchangeMessage(), 13).toReversed()
    for (const fragment of fragments) server.receive(now, peer, client.plaintext(fragment))
    assert.strictEqual(server.pending.size, 1)
    const flight = concatBytes([client.changeCipherSpec(), client.finished()])
    client.takeServerFinished(server.receive(now, peer, flight))
  })

  it("without ClientKeyExchange nothing is verified; a second one has no effect (D8)", () => {
    const server = makeServer()
    const client = greeted(server)
    const exchange = client.keyExchange()
    assert.deepStrictEqual(server.receive(now, peer, concatBytes([client.changeCipherSpec(), client.finished()])), [])
    assert.strictEqual(server.pending.size, 0)
    client.takeServerFinished(server.receive(now, peer, exchange))
    assert.deepStrictEqual(server.receive(now, peer, client.keyExchange()), [])
  })

  it("a ClientKeyExchange of another shape hands nothing off, and the honest one still does (D8)", () => {
    const server = makeServer()
    const client = greeted(server)
    const { messageSeq } = client.keyExchangeMessage()
    for (const body of [new Uint8Array(0), new Uint8Array(65).fill(4), Uint8Array.of(0, 5, 65)]) {
      const message = encodeHandshake(HandshakeType.client_key_exchange, messageSeq, body)
      assert.deepStrictEqual(server.receive(now, peer, client.plaintext(message)), [])
      assert.deepStrictEqual(server.lastEvent, { _tag: "Dropped", reason: "MalformedClientKeyExchange" })
    }
    completes(server, client)
  })

  it.each([0, 11, 12, 15, 99])(
    "a handshake message of type %i in its place is dropped, others are served (D9)",
    (type) => {
      const server = makeServer()
      const client = greeted(server)
      const message = encodeHandshake(type, client.keyExchangeMessage().messageSeq, new Uint8Array(10))
      assert.deepStrictEqual(server.receive(now, peer, client.plaintext(message)), [])
      assert.deepStrictEqual(server.lastEvent, { _tag: "Dropped", reason: "UnexpectedHandshake" })
      connect(server, {}, peerOf("192.0.2.2:1"))
      completes(server, client)
    }
  )

  it.each([0, 11, 12, 13])("a Finished of %i wrong bytes: no session, no answer (RFC 5246 §7.4.9, D10)", (length) => {
    const server = makeServer()
    const client = greeted(server)
    server.receive(now, peer, concatBytes([client.keyExchange(), client.changeCipherSpec()]))
    assert.deepStrictEqual(server.receive(now, peer, client.finished(new Uint8Array(length))), [])
    assert.strictEqual(server.sessions.size, 0)
  })

  it("a forged Finished does not take the honest client's place (D10)", () => {
    const server = makeServer()
    const client = greeted(server)
    server.receive(now, peer, concatBytes([client.keyExchange(), client.changeCipherSpec()]))
    const forged = client.finished()
    forged[forged.length - 1]! ^= 1
    assert.deepStrictEqual(server.receive(now, peer, forged), [])
    assert.deepStrictEqual(server.lastEvent, { _tag: "Rejected", reason: "RecordUnverifiable" })
    client.takeServerFinished(server.receive(now, peer, client.finished()))
  })

  it("a hello with an invalid version does not skip the cookie (tinydtls #74) (D12)", () => {
    const server = makeServer()
    for (const version of [0, 0x0303, 0xfeff, 0xfe00, 0xffff]) {
      const [answer] = server.receive(now, peer, new ScriptedClient({ version }).hello())
      assert.strictEqual(answer![13], HandshakeType.hello_verify_request)
    }
    assert.strictEqual(server.front.size, 0)
  })

  it("a hello that resumes is asked for a cookie like any other (CVE-2022-2576, D13)", () => {
    const server = makeServer()
    const client = connect(server)
    const other = new ScriptedClient({ session: client.session!, cipherSuites: [TLS_PSK_WITH_AES_128_CBC_SHA256] })
    const hello = other.hello()
    const [answer] = server.receive(now, peer, hello)
    assert.strictEqual(answer![13], HandshakeType.hello_verify_request)
    assert.isAtMost(answer!.length, hello.length)
    assert.strictEqual(server.front.size, 0)
  })

  it("failing handshakes leave nothing behind, and new devices connect (CVE-2022-39368, D14)", () => {
    const server = makeServer({ limits: { peersInHandshakeMax: 50, handshakeTimeoutMillis: 1000 } })
    for (let i = 0; i < 200; i++) {
      const from = peerOf(`198.51.100.${i}:1`)
      const client = new ScriptedClient()
      client.takeServerFlight(greet(server, client, from))
    }
    assert.strictEqual(server.front.size, 50)
    assert.strictEqual(server.front.evicted, 150)
    completesWithOthersWaiting(server)
    assert.strictEqual(server.front.deadline, now + 1000)
    assert.strictEqual(server.front.handleTimeout(now + 999), 0)
    // The newcomer took the place of one.
    assert.strictEqual(server.front.handleTimeout(now + 1000), 49)
    assert.strictEqual(server.front.size, 0)
    assert.isUndefined(server.front.deadline)
  })

  function completesWithOthersWaiting(server: Server): void {
    connect(server)
    assert.strictEqual(server.sessions.size, 1)
  }

  it("a client with a wrong key gets no more than one reply per datagram, and the rest is silence (D15)", () => {
    const server = makeServer()
    for (let i = 0; i < 20; i++) {
      const client = new ScriptedClient({ psk: new Uint8Array(16) })
      client.takeServerFlight(greet(server, client))
      assert.deepStrictEqual(server.receive(now, peer, lastFlight(client)), [])
      assert.deepStrictEqual(server.lastEvent, { _tag: "Rejected", reason: "RecordUnverifiable" })
    }
  })

  it("a plaintext alert ends neither a handshake nor a session (D18)", () => {
    const server = makeServer()
    const client = greeted(server)
    const alert = () => client.plaintext(encodeAlert(fatalAlert("handshake_failure")), ContentType.alert)
    assert.deepStrictEqual(server.receive(now, peer, alert()), [])
    assert.deepStrictEqual(server.lastEvent, { _tag: "Dropped", reason: "PlaintextAlert" })
    server.receive(now, peer, client.keyExchange())
    server.receive(now, peer, alert())
    completes(server, client)
    server.receive(now, peer, alert())
    server.receive(now, peer, client.data("alive"))
    assert.deepStrictEqual(server.received, ["proof", "alive"])
  })

  it("the old session serves until a new Finished verifies (RFC 6347 §4.2.8, D19)", () => {
    const server = makeServer()
    const old = connect(server)
    const next = new ScriptedClient()
    const say = (text: string) => server.receive(now, peer, old.data(text))
    next.takeHelloVerifyRequest(server.receive(now, peer, next.hello())[0]!)
    say("after the first hello")
    next.takeServerFlight(server.receive(now, peer, next.hello()))
    say("after the cookie")
    server.receive(now, peer, next.keyExchange())
    say("after the key exchange")
    next.takeServerFinished(server.receive(now, peer, concatBytes([next.changeCipherSpec(), next.finished()])))
    say("after the new Finished")
    server.receive(now, peer, next.data("new"))
    assert.deepStrictEqual(server.received, [
      "after the first hello",
      "after the cookie",
      "after the key exchange",
      "new"
    ])
  })
})

// The copy starts a second handshake, whose ServerHello is another. The client's repeated last flight, whose answer was lost,
// begins with the same ClientKeyExchange, so the back half has to try the former handshake, too.
it("a ClientHello copied by the network and late does not come between a client and its lost last flight (D20, trust E3)", () => {
  for (const extensions of [{}, { connectionId: new Uint8Array(0) }]) {
    for (const lost of ["answer", "last flight"] as const) {
      for (const pieces of ["together", "apart"] as const) {
        const server = makeServer()
        const client = new ScriptedClient({ extensions })
        client.takeHelloVerifyRequest(server.receive(now, peer, client.hello())[0]!)
        const hello = client.hello()
        client.takeServerFlight(server.receive(now, peer, hello))
        if (lost === "answer") server.receive(now, peer, lastFlight(client))
        // Its key exchange was seen, and no more.
        else server.receive(now, peer, client.keyExchange())
        const [answer] = server.receive(now, peer, hello)
        assert.strictEqual(answer![13], HandshakeType.server_hello)
        assert.strictEqual(server.front.size, 1)
        const flight = [client.keyExchange(), client.changeCipherSpec(), client.finished()]
        const datagrams = pieces === "together" ? [concatBytes(flight)] : flight
        client.takeServerFinished(datagrams.flatMap((datagram) => server.receive(now, peer, datagram)))
        server.receive(now, peer, client.data("proof"))
        assert.deepStrictEqual(server.received, ["proof"])
        assert.strictEqual(server.front.size, 0)
      }
    }
  }
})

describe("a device without entropy sends the same ClientHello at each boot", () => {
  /** As after a reset: nothing is left but what is always the same. */
  class Rebooting extends ScriptedClient {
    override readonly random = new Uint8Array(32).fill(0x5a)
  }
  const boot = (server: Server, psk?: Uint8Array): Rebooting => {
    const client = new Rebooting(psk === undefined ? {} : { psk })
    client.takeServerFlight(greet(server, client))
    return client
  }
  const connects = (server: Server, client: ScriptedClient, text: string): void => {
    client.takeServerFinished(server.receive(now, peer, lastFlight(client)))
    server.receive(now, peer, client.data(text))
    assert.strictEqual(server.received.at(-1), text)
  }

  it("after a confirmed handshake, a new one begins at once, ten times in a row (trust E3)", () => {
    const server = makeServer()
    const randoms = new Set<string>()
    for (let i = 0; i < 10; i++) {
      const client = boot(server)
      connects(server, client, `boot ${i}`)
      randoms.add(hex(client.serverHello!.random))
    }
    assert.strictEqual(randoms.size, 10)
    assert.lengthOf(server.received, 10)
  })

  it("after a failed one, and after a key exchange that came to nothing (trust E3)", () => {
    const server = makeServer()
    server.receive(now, peer, lastFlight(boot(server, new Uint8Array(16))))
    server.receive(now, peer, boot(server).keyExchange())
    connects(server, boot(server), "again")
  })

  it("while the ServerHello is unanswered, the same hello is a repetition (trust E3)", () => {
    const server = makeServer()
    const [first, second] = [boot(server), boot(server)]
    assert.strictEqual(hex(second.serverHello!.random), hex(first.serverHello!.random))
    assert.strictEqual(server.front.size, 1)
    connects(server, second, "once")
  })

  it("the old session serves until the new Finished verified (trust E3)", () => {
    const server = makeServer()
    const old = boot(server)
    connects(server, old, "old")
    const next = boot(server)
    server.receive(now, peer, old.data("still"))
    server.receive(now, peer, next.keyExchange())
    server.receive(now, peer, old.data("and still"))
    const finish = concatBytes([next.changeCipherSpec(), next.finished()])
    next.takeServerFinished(server.receive(now, peer, finish))
    server.receive(now, peer, old.data("over"))
    server.receive(now, peer, next.data("new"))
    assert.deepStrictEqual(server.received, ["old", "still", "and still", "new"])
  })

  it("copies of one hello cost one entry, however many there are (trust E3)", () => {
    const server = makeServer()
    const client = new Rebooting()
    client.takeHelloVerifyRequest(server.receive(now, peer, client.hello())[0]!)
    const hello = client.hello()
    client.takeServerFlight(server.receive(now, peer, hello))
    connects(server, client, "one")
    for (let i = 0; i < 50; i++) server.receive(now, peer, hello)
    assert.strictEqual(server.front.size, 1)
    server.receive(now, peer, client.data("two"))
    assert.deepStrictEqual(server.received, ["one", "two"])
  })

  it("a resumption with the same hello gets another ServerHello once its records were seen (trust E3)", () => {
    const server = makeServer()
    const { session } = connect(server)
    class Resuming extends ScriptedClient {
      override readonly random = new Uint8Array(32).fill(0x5a)
    }
    const keys = new Set<string>()
    for (let i = 0; i < 3; i++) {
      const client = new Resuming({ session: session! })
      client.takeResumption(greet(server, client))
      keys.add(hex(client.session!.writeKeys.key))
      // Its Finished is lost, its data is not.
      server.receive(now, peer, concatBytes([client.changeCipherSpec(), client.data(`lost ${i}`)]))
    }
    assert.strictEqual(keys.size, 3)
  })
})
