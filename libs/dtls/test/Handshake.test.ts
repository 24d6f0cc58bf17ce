import * as Result from "effect/Result"
import { assert, describe, it } from "vitest"
import {
  ContentType,
  deserializeSession,
  type HelloExtensions,
  PendingHandshake,
  serializeSession,
  TLS_EMPTY_RENEGOTIATION_INFO_SCSV,
  TLS_PSK_WITH_AES_128_CBC_SHA256,
  TLS_PSK_WITH_AES_128_CCM_8
} from "../src/index.ts"
import { nodeCrypto as crypto } from "@roost/dtls-crypto"
import { concatBytes } from "../src/internal/bytes.ts"
import { connect, greet, lastFlight, makeServer, now, peer, resume } from "./support/handshake.ts"
import { hex } from "./support/hex.ts"
import { defaultIdentity, defaultPsk, ScriptedClient } from "./support/ScriptedClient.ts"

const suites = [
  ["CCM_8", TLS_PSK_WITH_AES_128_CCM_8],
  ["CBC_SHA256", TLS_PSK_WITH_AES_128_CBC_SHA256]
] as const
const offers: ReadonlyArray<readonly [string, Partial<HelloExtensions>]> = [
  ["no extensions", { extendedMasterSecret: false }],
  ["extended_master_secret (RFC 7627)", {}],
  ["encrypt_then_mac (RFC 7366)", { encryptThenMac: true }],
  ["a connection id of 3 bytes (RFC 9146)", { connectionId: Uint8Array.of(1, 2, 3) }],
  ["a connection id of 255 bytes", { connectionId: new Uint8Array(255).fill(6) }],
  ["an empty connection id", { connectionId: new Uint8Array(0), encryptThenMac: true }],
  ["max_fragment_length (RFC 6066 §4)", { maxFragmentLength: 512 }],
  ["record_size_limit (RFC 8449)", { recordSizeLimit: 64, maxFragmentLength: 1024 }],
  ["renegotiation_info (RFC 5746)", { renegotiationInfo: new Uint8Array(0) }]
]

describe.each(suites)("TLS_PSK_WITH_AES_128_%s", (name, suite) => {
  it.each(offers)("completes with %s, resumes, and carries data both ways", (_, extensions) => {
    const server = makeServer({ echo: true })
    const options = { cipherSuites: [suite], extensions }
    const first = connect(server, options)
    const again = resume(server, { ...options, session: first.session! })
    assert.strictEqual(hex(again.session!.masterSecret), hex(first.session!.masterSecret))
    const before = hex(first.session!.writeKeys.key)
    assert.notStrictEqual(hex(again.session!.writeKeys.key), before)
    const [echo] = server.receive(now, peer, again.data("ping"))
    const opened = again.session!.open(crypto, echo!, 0)
    assert.containSubset(opened, { _tag: "ApplicationData", newest: true })
    assert.deepStrictEqual(server.received, ["ping"])

    // The server agrees to offers, and to nothing else (RFC 5246 §7.4.1.4).
    const agreed = first.serverHello!.extensions
    assert.strictEqual(agreed.extendedMasterSecret, extensions.extendedMasterSecret ?? true)
    assert.strictEqual(agreed.encryptThenMac, extensions.encryptThenMac === true && name === "CBC_SHA256")
    assert.strictEqual(agreed.connectionId?.length, extensions.connectionId === undefined ? undefined : 8)
    assert.strictEqual(agreed.recordSizeLimit, extensions.recordSizeLimit === undefined ? undefined : 0x4000)
    assert.strictEqual(
      agreed.maxFragmentLength,
      extensions.recordSizeLimit === undefined ? extensions.maxFragmentLength : undefined
    )
    assert.deepStrictEqual(agreed.renegotiationInfo, extensions.renegotiationInfo)
  })

  it("keeps to the client's record_size_limit in its own flights, by fragments (RFC 8449 §4)", () => {
    const client = connect(makeServer(), { cipherSuites: [suite], extensions: { recordSizeLimit: 64 } })
    assert.isAtMost(client.largestRecord, 64)
    assert.isAbove(client.largestRecord, 0)
  })
})

describe("RFC 6347 §4.2.1", () => {
  it("HelloVerifyRequest copies the record sequence number, has message_seq 0 and version DTLS 1.0", () => {
    const client = new ScriptedClient()
    client.sequence = 77
    const [request] = makeServer().receive(now, peer, client.hello())
    // record: type, version, epoch 0, sequence 77; handshake: type 3, message_seq 0; body: server_version
    assert.strictEqual(hex(request!.subarray(0, 11)), "16feff000000000000004d")
    assert.strictEqual(hex(request!.subarray(13, 27)), "030000130000000000000013feff")
  })

  it("ServerHello copies the record sequence number of the ClientHello with cookie, and its message_seq", () => {
    const server = makeServer()
    const client = new ScriptedClient()
    const [request] = server.receive(now, peer, client.hello())
    client.takeHelloVerifyRequest(request!)
    client.sequence = 9
    const [flight] = server.receive(now, peer, client.hello())
    assert.deepStrictEqual(flight!.subarray(5, 11), Uint8Array.of(0, 0, 0, 0, 0, 9))
    assert.deepStrictEqual(flight!.subarray(17, 19), Uint8Array.of(0, 1))
  })

  it("a repeated ClientHello gets the same flight in new records", () => {
    const server = makeServer()
    const client = new ScriptedClient()
    const [first] = greet(server, client)
    const [second] = server.receive(now, peer, client.hello())
    assert.strictEqual(hex(second!.subarray(13, 80)), hex(first!.subarray(13, 80)))
    assert.notStrictEqual(hex(second!.subarray(5, 11)), hex(first!.subarray(5, 11)))
    assert.strictEqual(server.front.size, 1)
    client.takeServerFlight([second!])
    client.takeServerFinished(server.receive(now, peer, lastFlight(client)))
  })
})

describe("negotiation", () => {
  it("takes its own preference, whatever the client's order (F19)", () => {
    const cipherSuites = [0x1301, TLS_PSK_WITH_AES_128_CBC_SHA256, TLS_PSK_WITH_AES_128_CCM_8]
    assert.strictEqual(connect(makeServer(), { cipherSuites }).serverHello!.cipherSuite, TLS_PSK_WITH_AES_128_CCM_8)
    const cbcFirst = makeServer({ suites: [TLS_PSK_WITH_AES_128_CBC_SHA256, TLS_PSK_WITH_AES_128_CCM_8] })
    assert.strictEqual(connect(cbcFirst, { cipherSuites }).serverHello!.cipherSuite, TLS_PSK_WITH_AES_128_CBC_SHA256)
  })

  it("answers the signalling suite with an empty renegotiation_info (RFC 5746 §3.6)", () => {
    const client = connect(makeServer(), {
      cipherSuites: [TLS_PSK_WITH_AES_128_CCM_8, TLS_EMPTY_RENEGOTIATION_INFO_SCSV]
    })
    assert.deepStrictEqual(client.serverHello!.extensions.renegotiationInfo, new Uint8Array(0))
  })

  it.each([
    ["handshake_failure", "only foreign suites (F19)", { cipherSuites: [0x1301, 0xc02b] }, 40],
    ["handshake_failure", "only the signalling suite (F19)", { cipherSuites: [TLS_EMPTY_RENEGOTIATION_INFO_SCSV] }, 40],
    [
      "handshake_failure",
      "a renegotiation_info that is not empty (RFC 5746 §3.6)",
      { extensions: { renegotiationInfo: new Uint8Array(12) } },
      40
    ],
    ["protocol_version", "DTLS 1.0 (RFC 5246 §E.1)", { version: 0xfeff }, 70],
    ["protocol_version", "a version that is none (D12)", { version: 0x0303 }, 70]
  ])("%s for %s, once the cookie is valid", (_, __, options, alert) => {
    const server = makeServer()
    const flight = greet(server, new ScriptedClient(options))
    assert.deepStrictEqual(flight.map(hex), [`15fefd0000000000000001000202${alert.toString(16)}`])
    assert.strictEqual(server.front.size, 0)
  })

  it("chooses DTLS 1.2 for a client that knows a newer version", () => {
    assert.strictEqual(connect(makeServer(), { version: 0xfefc }).serverHello!.version, 0xfefd)
  })
})

describe("resumption (RFC 5246 §7.3)", () => {
  it("gives new connection ids and keys, and the old session stays until the new Finished verifies (RFC 9146 §3)", () => {
    const server = makeServer()
    const extensions = { connectionId: Uint8Array.of(9) }
    const first = connect(server, { extensions })
    const client = new ScriptedClient({ extensions, session: first.session! })
    client.takeResumption(greet(server, client))
    assert.notStrictEqual(
      hex(client.serverHello!.extensions.connectionId!),
      hex(first.serverHello!.extensions.connectionId!)
    )
    server.receive(now, peer, first.data("old"))
    server.receive(now, peer, concatBytes([client.changeCipherSpec(), client.finished(), client.data("new")]))
    assert.deepStrictEqual(server.received, ["old", "new"])
  })

  it("goes on in full if nobody holds the session", () => {
    const server = makeServer()
    const client = new ScriptedClient({ session: connect(server).session! })
    server.resumable.clear()
    const flight = greet(server, client)
    client.takeServerFlight(flight)
    assert.isTrue(server.events.some(({ _tag }) => _tag === "Resume"))
    assert.notStrictEqual(hex(client.serverHello!.sessionId), hex(client.options.session!.sessionId))
  })

  it("does not ask the actors about a session id that is not ours", () => {
    const server = makeServer()
    const state = serializeSession(connect(server).session!)
    // Behind the header of 35 bytes, keys and master secret.
    state.fill(7, 35 + 40 + 48, 35 + 40 + 48 + 32)
    const client = new ScriptedClient({ session: Result.getOrThrow(deserializeSession(state)) })
    client.takeServerFlight(greet(server, client))
    assert.isFalse(server.events.some(({ _tag }) => _tag === "Resume"))
  })

  it("aborts if the extended master secret is gone (RFC 7627 §5.3)", () => {
    const server = makeServer()
    const { session } = connect(server)
    const flight = greet(server, new ScriptedClient({ session: session!, extensions: { extendedMasterSecret: false } }))
    assert.deepStrictEqual(flight.map(hex), ["15fefd000000000000000100020228"])
  })

  it("goes on in full if the extended master secret is new (RFC 7627 §5.3), or the suite is not offered", () => {
    const server = makeServer()
    const { session } = connect(server, { extensions: { extendedMasterSecret: false } })
    const client = new ScriptedClient({ session: session! })
    client.takeServerFlight(greet(server, client))
    const other = new ScriptedClient({
      session: session!,
      extensions: { extendedMasterSecret: false },
      cipherSuites: [TLS_PSK_WITH_AES_128_CBC_SHA256]
    })
    other.takeServerFlight(greet(server, other))
    assert.strictEqual(other.serverHello!.cipherSuite, TLS_PSK_WITH_AES_128_CBC_SHA256)
  })

  it("answers a repeated ClientHello with the same ServerHello, never with a record that was sent before", () => {
    const server = makeServer()
    const client = new ScriptedClient({ session: connect(server).session! })
    const first = greet(server, client)
    const second = server.receive(now, peer, client.hello())
    assert.notStrictEqual(hex(second[0]!), hex(first[0]!))
    client.takeResumption(second)
    server.receive(now, peer, concatBytes([client.changeCipherSpec(), client.finished()]))
    server.receive(now, peer, client.data("resumed"))
    assert.deepStrictEqual(server.received, ["resumed"])
  })
})

it("a resuming client whose Finished was lost is made to repeat it by its own data (RFC 6347 §4.2.4)", () => {
  const server = makeServer()
  const client = new ScriptedClient({ session: connect(server).session! })
  client.takeResumption(greet(server, client))
  const lost = client.finished()
  assert.isAbove(lost.length, 0)
  const early = (at: number) => server.receive(at, peer, concatBytes([client.changeCipherSpec(), client.data("early")]))
  // At once: a client that repeats its data after 3 s would wait for them.
  assert.strictEqual(early(now)[0]![0], ContentType.handshake)
  assert.deepStrictEqual(early(now + 999), [])
  assert.strictEqual(early(now + 1000)[0]![0], ContentType.handshake)
  assert.deepStrictEqual(early(now + 1001), [])
  server.receive(now + 1100, peer, concatBytes([client.changeCipherSpec(), client.finished()]))
  assert.deepStrictEqual(server.received, ["early", "early", "early", "early"])
})

describe("the actor's half", () => {
  const handOff = (...meanwhile: ReadonlyArray<"keyExchange" | "changeCipherSpec" | "finished">) => {
    const server = makeServer()
    const client = new ScriptedClient()
    client.takeServerFlight(greet(server, client))
    const outcome = server.front.handleDatagram(now, peer, client.keyExchange())
    if (outcome._tag !== "HandOff") throw new Error(outcome._tag)
    const pending = Result.getOrThrow(PendingHandshake.fromHalf(outcome.half, { pendingBytesMax: 200 }))
    for (const piece of meanwhile) pending.handleDatagram(crypto, now, client[piece]())
    return { client, pending }
  }

  it("the key may come after Finished, which is kept meanwhile", () => {
    const { client, pending } = handOff("changeCipherSpec", "finished")
    assert.strictEqual(new TextDecoder().decode(pending.identity), defaultIdentity)
    assert.deepStrictEqual(pending.address, peer.address)
    const outcome = pending.providePsk(crypto, defaultPsk)
    if (outcome._tag !== "Established") throw new Error(outcome._tag)
    client.takeServerFinished(outcome.reply)
    assert.strictEqual(hex(outcome.session.sessionId), hex(client.serverHello!.sessionId))
  })

  it("refers to the bytes that it was handed until it is told to own them", () => {
    for (const extensions of [{}, { connectionId: Uint8Array.of(1, 2) }, { extendedMasterSecret: false }]) {
      for (const withFinished of [true, false]) {
        const server = makeServer()
        const client = new ScriptedClient({ extensions })
        client.takeServerFlight(greet(server, client))
        const flight = () => [client.changeCipherSpec(), client.finished()]
        const datagram = concatBytes([client.keyExchange(), ...(withFinished ? flight() : [])])
        const handed = server.front.handleDatagram(now, peer, datagram)
        if (handed._tag !== "HandOff") throw new Error(handed._tag)
        const pending = Result.getOrThrow(PendingHandshake.fromHalf(handed.half))
        pending.own()
        handed.half.fill(0xff)
        datagram.fill(0xff)
        assert.strictEqual(new TextDecoder().decode(pending.identity), defaultIdentity)
        assert.deepStrictEqual(pending.address, peer.address)
        let outcome = pending.providePsk(crypto, defaultPsk)
        if (!withFinished) outcome = pending.handleDatagram(crypto, now, concatBytes(flight()))
        if (outcome._tag !== "Established") throw new Error(outcome._tag)
        client.takeServerFinished(outcome.reply)
      }
    }
  })

  it("keeps no more than its limit while the key is awaited, and completes by a retransmission (F2)", () => {
    const { client, pending } = handOff("changeCipherSpec", "keyExchange", "keyExchange")
    for (let i = 0; i < 3; i++) pending.handleDatagram(crypto, now, client.keyExchange())
    assert.deepStrictEqual(pending.handleDatagram(crypto, now, client.finished()), {
      _tag: "Rejected",
      reason: "BufferFull"
    })
    assert.strictEqual(pending.providePsk(crypto, defaultPsk)._tag, "NeedMore")
    assert.strictEqual(pending.handleDatagram(crypto, now, client.finished())._tag, "Established")
  })

  it("either of two keys establishes the session, the previous one named, whatever came before the key", () => {
    const other = new Uint8Array(16)
    for (const [keys, hasPreviousKey] of [
      [[defaultPsk, other], false],
      [[other, defaultPsk], true]
    ] as const) {
      for (const pieces of [["changeCipherSpec", "finished"], ["changeCipherSpec"], []] as const) {
        const { client, pending } = handOff(...pieces)
        let outcome = pending.providePsk(crypto, ...keys)
        for (const piece of (["changeCipherSpec", "finished"] as const).slice(pieces.length)) {
          assert.strictEqual(outcome._tag, "NeedMore")
          outcome = pending.handleDatagram(crypto, now, client[piece]())
        }
        if (outcome._tag !== "Established") throw new Error(outcome._tag)
        client.takeServerFinished(outcome.reply)
        assert.strictEqual(pending.hasPreviousKey, hasPreviousKey)
      }
    }
    const { pending } = handOff("changeCipherSpec", "finished")
    assert.strictEqual(pending.providePsk(crypto, other, new Uint8Array(16).fill(1))._tag, "Rejected")
  })

  it("a key that is only tried establishes the session if it is the peer's, and changes nothing if it is not", () => {
    const wrong = new Uint8Array(16)
    const flights = [
      [],
      ["changeCipherSpec"],
      ["changeCipherSpec", "finished"],
      ["finished", "changeCipherSpec"]
    ] as const
    for (const [index, pieces] of flights.entries()) {
      const tried = handOff(...pieces)
      assert.strictEqual(tried.pending.hasProtected, index > 1)
      const outcome = tried.pending.tryPsk(crypto, defaultPsk)
      assert.strictEqual(outcome !== undefined, index > 1)
      if (outcome !== undefined) {
        tried.client.takeServerFinished(outcome.reply)
        assert.deepStrictEqual(tried.pending.waiting, [])
      }
      const { client, pending } = handOff(...pieces)
      for (let i = 0; i < 3; i++) assert.isUndefined(pending.tryPsk(crypto, wrong))
      let provided = pending.providePsk(crypto, wrong, defaultPsk)
      if (index <= 1) {
        for (const piece of ["changeCipherSpec", "finished"] as const) {
          provided = pending.handleDatagram(crypto, now, client[piece]())
        }
      }
      if (provided._tag !== "Established") throw new Error(provided._tag)
      client.takeServerFinished(provided.reply)
    }
  })

  it("a wrong key rejects with a reason for the operator and no bytes for the peer (F21)", () => {
    const { client, pending } = handOff("changeCipherSpec", "finished")
    assert.deepStrictEqual(pending.providePsk(crypto, new Uint8Array(16)), {
      _tag: "Rejected",
      reason: "RecordUnverifiable"
    })
    assert.strictEqual(pending.handleDatagram(crypto, now, client.finished())._tag, "Rejected")
  })

  it("state that was damaged on the way is an error value, at every length", () => {
    const server = makeServer()
    const client = new ScriptedClient()
    client.takeServerFlight(greet(server, client))
    const outcome = server.front.handleDatagram(now, peer, client.keyExchange())
    if (outcome._tag !== "HandOff") throw new Error(outcome._tag)
    for (let length = 0; length < outcome.half.length; length++) {
      assert.isTrue(Result.isFailure(PendingHandshake.fromHalf(outcome.half.subarray(0, length))))
    }
  })
})
