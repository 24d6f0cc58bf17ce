import { nodeCrypto } from "@roost/dtls-crypto"
import * as Result from "effect/Result"
import { assert, describe, it } from "vitest"
import {
  Client,
  type ClientOptions,
  ContentType,
  decodeAlert,
  encodeHandshake,
  encodePlaintextRecord,
  encodeServerHello,
  HandshakeType,
  narrowbandTiming,
  noExtensions,
  readRecord,
  type ServerHello,
  type Session,
  TLS_PSK_WITH_AES_128_CBC_SHA256,
  TLS_PSK_WITH_AES_128_CCM_8
} from "../src/index.ts"
import { latencyMillis, Pair, startMillis } from "./support/Pair.ts"
import { defaultIdentity, defaultPsk } from "./support/ScriptedClient.ts"
import { Server } from "./support/Server.ts"

const suites = { CCM_8: TLS_PSK_WITH_AES_128_CCM_8, CBC_SHA256: TLS_PSK_WITH_AES_128_CBC_SHA256 } as const
const connectionIds = { "no CID": undefined, "empty CID": new Uint8Array(0), "CID of 5": Uint8Array.of(1, 2, 3, 4, 5) }
const serverOf = (): Server => new Server({ pskOf: () => defaultPsk, echo: true })

/** Every combination of what changes the bytes on the wire. */
const combinations = Object.entries(suites).flatMap(([suiteName, suite]) =>
  [true, false].flatMap((extendedMasterSecret) =>
    [true, false].flatMap((encryptThenMac) =>
      Object.entries(connectionIds).map(([cidName, connectionId]) => ({
        name: `${suiteName}, EMS ${extendedMasterSecret}, EtM ${encryptThenMac}, ${cidName}`,
        client: { suites: [suite], extendedMasterSecret, encryptThenMac, connectionId }
      }))
    )
  )
)

describe("connects and resumes", () => {
  it.each(combinations)("$name", ({ client }) => {
    const server = serverOf()
    const first = new Pair({ server, client }).connect()
    assert.strictEqual(first.session.suite, client.suites[0])
    assert.strictEqual(first.session.extendedMasterSecret, client.extendedMasterSecret)
    assert.strictEqual(first.session.encryptThenMac, client.encryptThenMac && client.suites[0] === suites.CBC_SHA256)
    assert.strictEqual(first.session.writeCid.length, client.connectionId === undefined ? 0 : 8)
    assert.deepStrictEqual(first.session.readCid, client.connectionId ?? new Uint8Array(0))
    assert.isTrue(first.exchange("full"))
    assert.deepStrictEqual(first.flights.slice(0, 3), [
      "ClientHello",
      "ClientHello with cookie",
      "ClientKeyExchange, ChangeCipherSpec, Finished"
    ])

    const second = new Pair({ server, client: { ...client, resume: first.session } }).connect()
    assert.isTrue(second.connected?.resumed)
    const before = first.session.writeKeys.key.slice()
    assert.notDeepEqual(second.session.writeKeys.key, before)
    assert.isTrue(second.exchange("resumed"))
  })

  it("in full where the server has forgotten the session", () => {
    const { session } = new Pair().connect()
    const pair = new Pair({ client: { resume: session } }).connect()
    assert.isFalse(pair.connected?.resumed)
    assert.isTrue(pair.exchange("full"))
  })

  it("in full where the session has an extended master secret and the hello may not offer it (RFC 7627 §5.3)", () => {
    const server = serverOf()
    const { session } = new Pair({ server }).connect()
    const pair = new Pair({ server, client: { resume: session, extendedMasterSecret: false } }).connect()
    assert.isFalse(pair.connected?.resumed)
  })
})

describe("a network that loses, repeats and reorders (R5)", () => {
  const seedsPerCase = 4
  const patient = { initialMillis: 1000, maxMillis: 8000, transmissionsMax: 60 }
  // A key exchange of 128 bytes does not fit into 140, and neither does the server's flight into 100.
  const identity = new TextEncoder().encode(defaultIdentity.padStart(128, "0"))

  it.each([0, 0.1, 0.2, 0.5])("at %f loss every combination connects, talks, resumes and talks", (loss) => {
    for (const { name, client } of combinations) {
      for (let seed = 1; seed <= seedsPerCase; seed++) {
        const small = seed % 2 === 0
        const limits = small ? { datagramBytesMax: 100 } : {}
        const server = new Server({ pskOf: () => defaultPsk, echo: true, limits })
        const options: Partial<ClientOptions> = {
          ...client,
          identity,
          timing: patient,
          ...(small ? { datagramBytesMax: 140 } : {})
        }
        const label = `${name}, seed ${seed}`
        const first = new Pair({ server, client: options, loss, seed: seed * 7919 }).connect()
        assert.isFalse(first.connected?.resumed, label)
        assert.isTrue(first.exchange("one"), label)
        const again = { ...options, resume: first.session }
        const second = new Pair({ server, client: again, loss, seed: seed * 104_729 }).connect()
        assert.isTrue(second.connected?.resumed, label)
        assert.isTrue(second.exchange("two"), label)
      }
    }
  })
})

describe("retransmission (RFC 6347 §4.2.4)", () => {
  it.each([
    ["ClientHello", 1],
    ["ClientHello with cookie", 2],
    ["ClientKeyExchange, ChangeCipherSpec, Finished", 3]
  ])("a lost %s is sent again after a second", (flight, nth) => {
    let sent = 0
    const pair = new Pair({ drops: (toServer) => toServer && ++sent === nth }).connect()
    assert.isDefined(pair.connected)
    assert.include(pair.flights, `${flight} #2`)
    assert.strictEqual(pair.now - startMillis, 1000 + 6 * latencyMillis)
  })

  it("a lost Finished of the server is asked for by the whole flight", () => {
    let received = 0
    const pair = new Pair({ drops: (toServer) => !toServer && ++received === 3 }).connect()
    assert.isDefined(pair.connected)
    assert.strictEqual(pair.flights.at(-1), "ClientKeyExchange, ChangeCipherSpec, Finished #2")
    assert.isTrue(pair.exchange("after"))
  })

  it("our lost Finished of a resumption is sent again when the server repeats its own", () => {
    const server = serverOf()
    const { session } = new Pair({ server }).connect()
    let sent = 0
    const pair = new Pair({ server, client: { resume: session }, drops: (toServer) => toServer && ++sent === 3 })
    assert.isTrue(pair.connect().connected?.resumed)
    assert.isTrue(pair.exchange("data of a client that thinks all is well"))
    assert.include(pair.flights, "LastFlightRepeated")
  })

  it("timeouts double up to the limit, then it gives up and says what silence may mean (F21)", () => {
    const timing = { initialMillis: 1000, maxMillis: 4000, transmissionsMax: 5 }
    const pair = new Pair({ client: { timing }, psk: new Uint8Array(16) }).connect()
    assert.strictEqual(pair.closed?.by, "timeout")
    assert.match(pair.closed!.reason, /wrong key/)
    assert.strictEqual(pair.now - startMillis, 4 * latencyMillis + 1000 + 2000 + 4000 + 4000 + 4000)
    assert.isUndefined(pair.client.deadline)
  })

  it("waits for nine seconds where a round trip takes seconds (RFC 7925 §11)", () => {
    const pair = new Pair({ client: { timing: narrowbandTiming } })
    pair.take(pair.client.start(pair.now))
    assert.strictEqual(pair.client.deadline, pair.now + 9000)
  })

  it("does nothing before the deadline", () => {
    const pair = new Pair()
    pair.take(pair.client.start(pair.now))
    assert.deepStrictEqual(pair.client.handleTimeout(pair.now + 999), [])
    assert.lengthOf(pair.client.handleTimeout(pair.now + 1000), 1)
  })
})

describe("sizes", () => {
  it("keeps to max_fragment_length (S45, RFC 6066 §4)", () => {
    const pair = new Pair({ client: { maxFragmentLength: 512 } }).connect()
    assert.isAtMost(pair.session.writeBytesMax, 512)
    assert.isTrue(Result.isFailure(pair.client.send(new Uint8Array(513))))
    assert.isTrue(pair.exchange("x".repeat(500)))
  })

  it("takes a server's flight in fragments as small as record_size_limit asks for (RFC 8449 §4)", () => {
    const pair = new Pair({ client: { recordSizeLimit: 64 } }).connect()
    assert.isTrue(pair.exchange("small"))
  })

  it("a ClientHello in fragments hears nothing from our server (F5)", () => {
    const timing = { initialMillis: 1000, maxMillis: 1000, transmissionsMax: 2 }
    assert.strictEqual(new Pair({ client: { datagramBytesMax: 48, timing } }).connect().closed?.by, "timeout")
  })
})

describe("the end", () => {
  it("close_notify tells the server, and nothing is sent after it (S28)", () => {
    const pair = new Pair().connect()
    pair.take(pair.client.close())
    pair.run(() => false, 1000)
    assert.containSubset(pair.server.events.at(-1), { _tag: "Closed", alert: "close_notify" })
    assert.isTrue(Result.isFailure(pair.client.send(new Uint8Array(1))))
    assert.deepStrictEqual(pair.client.close(), [])
  })

  it("the server's close_notify closes the client (S28)", () => {
    const pair = new Pair().connect()
    const [session] = pair.server.sessions.values()
    const alert = Result.getOrThrow(session!.closeNotify(nodeCrypto))
    assert.deepStrictEqual(pair.client.handleDatagram(pair.now, alert), [
      { _tag: "Closed", by: "peer", reason: "close_notify" }
    ])
  })

  it("closed before it was connected, it is silent from then on", () => {
    const pair = new Pair()
    pair.take(pair.client.start(pair.now))
    pair.take(pair.client.close())
    pair.run(() => false, 60_000)
    assert.deepStrictEqual(pair.flights, ["ClientHello"])
  })
})

describe("a server that does not keep to the protocol is told by a fatal alert (RFC 5246 §7.2.2)", () => {
  /** A hello of a client that saw no HelloVerifyRequest, answered by a ServerHello that `change` spoils. */
  const answer = (change: Partial<ServerHello>, options: Partial<ClientOptions> = {}) => {
    const client = new Client({ crypto: nodeCrypto, identity: new Uint8Array(1), psk: defaultPsk, ...options })
    client.start(0)
    const body = encodeServerHello({
      version: 0xfefd,
      random: new Uint8Array(32).fill(7),
      sessionId: new Uint8Array(0),
      cipherSuite: TLS_PSK_WITH_AES_128_CCM_8,
      extensions: { ...noExtensions, extendedMasterSecret: true },
      ...change
    })
    const message = encodeHandshake(HandshakeType.server_hello, 0, body)
    const outputs = client.handleDatagram(0, encodePlaintextRecord(ContentType.handshake, 0, message))
    const [alert, closed] = outputs
    return {
      alert: alert?._tag === "Transmit" ? decodeAlert(readRecord(alert.datagram, 0, 0)!.fragment) : undefined,
      closed: closed?._tag === "Closed" ? closed.by : undefined,
      client
    }
  }
  const extensions = (more: Partial<ServerHello["extensions"]>): Partial<ServerHello> => ({
    extensions: { ...noExtensions, extendedMasterSecret: true, ...more }
  })

  it("nothing happens where nothing is wrong", () => {
    assert.isUndefined(answer({}).alert)
  })

  it.each<[string, number, Partial<ServerHello>, Partial<ClientOptions>]>([
    ["another version", 70, { version: 0xfeff }, {}],
    ["a suite that was not offered", 47, {}, { suites: [TLS_PSK_WITH_AES_128_CBC_SHA256] }],
    ["a suite that nobody knows", 47, { cipherSuite: 0xc02b }, {}],
    ["extended_master_secret unasked", 110, {}, { extendedMasterSecret: false }],
    ["encrypt_then_mac unasked", 110, extensions({ encryptThenMac: true }), { encryptThenMac: false }],
    ["connection_id unasked", 110, extensions({ connectionId: new Uint8Array(8) }), {}],
    ["max_fragment_length unasked", 110, extensions({ maxFragmentLength: 512 }), {}],
    ["record_size_limit unasked", 110, extensions({ recordSizeLimit: 512 }), {}],
    ["another max_fragment_length", 47, extensions({ maxFragmentLength: 1024 }), { maxFragmentLength: 512 }],
    [
      "max_fragment_length and record_size_limit",
      47,
      extensions({ maxFragmentLength: 512, recordSizeLimit: 512 }),
      { maxFragmentLength: 512, recordSizeLimit: 512 }
    ],
    ["a renegotiation", 40, extensions({ renegotiationInfo: new Uint8Array(12) }), {}],
    ["a ServerHello that ends too early", 50, { random: new Uint8Array(3) }, {}]
  ])("%s", (_, description, change, options) => {
    const { alert, client, closed } = answer(change, options)
    assert.deepStrictEqual(alert, { level: 2, description })
    assert.strictEqual(closed, "local")
    assert.isUndefined(client.deadline)
  })

  it.each<[string, number, (session: Session) => Partial<ServerHello>]>([
    ["suite", 47, () => ({ cipherSuite: TLS_PSK_WITH_AES_128_CBC_SHA256 })],
    ["master secret (RFC 7627 §5.3)", 40, () => ({ extensions: noExtensions })]
  ])("a session resumed with another %s", (_, description, change) => {
    const { session: resume } = new Pair().connect()
    const { alert } = answer({ sessionId: resume.sessionId, ...change(resume) }, { resume })
    assert.deepStrictEqual(alert, { level: 2, description })
  })

  it("a message out of place", () => {
    const client = new Client({ crypto: nodeCrypto, identity: new Uint8Array(1), psk: defaultPsk })
    client.start(0)
    const done = encodeHandshake(HandshakeType.server_hello_done, 0, new Uint8Array(0))
    const [alert] = client.handleDatagram(0, encodePlaintextRecord(ContentType.handshake, 0, done))
    assert.containSubset(alert, { _tag: "Transmit", flight: "alert unexpected_message" })
  })
})

describe("what others may inject", () => {
  it("a Finished in plaintext neither connects nor ends the handshake (D1)", () => {
    let sent = 0
    const pair = new Pair({ drops: (toServer) => toServer && ++sent === 3 })
    pair.take(pair.client.start(pair.now))
    pair.run(() => pair.flights.length === 3, 10_000)
    for (const messageSeq of [3, 4]) {
      const finished = encodeHandshake(HandshakeType.finished, messageSeq, new Uint8Array(12))
      for (const content of [finished, Uint8Array.of(1)]) {
        const type = content.length === 1 ? ContentType.change_cipher_spec : ContentType.handshake
        assert.deepStrictEqual(pair.client.handleDatagram(pair.now, encodePlaintextRecord(type, 99, content)), [])
      }
    }
    assert.isUndefined(pair.client.session)
    assert.isDefined(pair.client.deadline)
  })

  it("a repeated HelloVerifyRequest brings no third ClientHello", () => {
    const requests: Array<Uint8Array> = []
    const drops = (toServer: boolean, datagram: Uint8Array): boolean => !toServer && requests.push(datagram) === 0
    const pair = new Pair({ drops })
    pair.take(pair.client.start(pair.now))
    pair.run(() => pair.flights.length === 2, 10_000)
    assert.deepStrictEqual(pair.client.handleDatagram(pair.now, requests[0]!), [])
  })

  it("bytes of the server's flights changed or cut: no exception, and who connects has the server's keys (F6, F18)", () => {
    const runs = 500
    const spoiltShare = 0.3
    let connected = 0
    for (let seed = 1; seed <= runs; seed++) {
      const { client, ...pair } = spoilable(seed)
      let toServer = client.start(0)
      for (let round = 0; round < 6; round++) {
        const replies = toServer.flatMap((output) => (output._tag === "Transmit" ? pair.ask(output.datagram) : []))
        const arrived = replies.map((reply) => (pair.random() < spoiltShare ? pair.spoil(reply) : reply))
        toServer = arrived.flatMap((reply) => client.handleDatagram(0, reply))
      }
      if (client.session === undefined) continue
      connected++
      pair.ask(Result.getOrThrow(client.send(new TextEncoder().encode("same keys"))))
      assert.deepStrictEqual(pair.server.received, ["same keys"], `seed ${seed}`)
    }
    assert.isAbove(connected, runs / 10)
    assert.isBelow(connected, runs)
  })
})

const spoilable = (seed: number) => {
  const pair = new Pair({ seed: seed * 104_729 })
  const from = { key: "peer", address: new Uint8Array(7) }
  return {
    client: pair.client,
    server: pair.server,
    random: () => pair.random(),
    ask: (datagram: Uint8Array) => pair.server.receive(0, from, datagram),
    spoil: (datagram: Uint8Array) => {
      const end = pair.random() < 0.3 ? Math.floor(pair.random() * datagram.length) : datagram.length
      const copy = datagram.slice(0, end)
      if (copy.length > 0) copy[Math.floor(pair.random() * copy.length)]! ^= 1 << Math.floor(pair.random() * 8)
      return copy
    }
  }
}
