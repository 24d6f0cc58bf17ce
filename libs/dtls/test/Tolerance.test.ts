import { assert, describe, it } from "vitest"
import {
  AlertLevel,
  ContentType,
  encodeHandshake,
  HandshakeType,
  serializeSession,
  TLS_EMPTY_RENEGOTIATION_INFO_SCSV,
  TLS_PSK_WITH_AES_128_CBC_SHA256,
  TLS_PSK_WITH_AES_128_CCM_8
} from "../src/index.ts"
import { concatBytes } from "../src/internal/bytes.ts"
import { connect, greet, lastFlight, makeServer, now, peer, resume } from "./support/handshake.ts"
import { hex } from "./support/hex.ts"
import { ScriptedClient, type ScriptedClientOptions } from "./support/ScriptedClient.ts"

/** Puts `extensions` in front of the client's own, or in the place of all of them, in each of its ClientHellos. */
class WithExtensions extends ScriptedClient {
  readonly #list: ReadonlyArray<number>
  readonly #only: boolean

  constructor(list: ReadonlyArray<number>, only = false, options: ScriptedClientOptions = {}) {
    super(options)
    this.#list = list
    this.#only = only
  }

  override helloBody(): Uint8Array {
    const own = super.helloBody()
    const fixed = 34 + 1 + own[34]!
    const suitesAt = fixed + 1 + own[fixed]!
    const listAt = suitesAt + 2 + ((own[suitesAt]! << 8) | own[suitesAt + 1]!) + 2
    const list = [...this.#list, ...(this.#only ? [] : own.subarray(listAt + 2))]
    return Uint8Array.of(...own.subarray(0, listAt), list.length >> 8, list.length & 0xff, ...list)
  }
}

const extension = (type: number, ...data: ReadonlyArray<number>) => [type >> 8, type & 0xff, 0, data.length, ...data]

/** The handshake completes and data arrives. */
const serves = (client: ScriptedClient, change: (datagram: Uint8Array) => void = () => undefined): void => {
  const server = makeServer()
  const send = (datagram: Uint8Array) => {
    change(datagram)
    return server.receive(now, peer, datagram)
  }
  client.takeHelloVerifyRequest(send(client.hello())[0]!)
  client.takeServerFlight(send(client.hello()))
  client.takeServerFinished(send(lastFlight(client)))
  send(client.data("data"))
  assert.deepStrictEqual(server.received, ["data"])
}

describe("what a peer may vary is not checked", () => {
  it.each([0xfe00, 0xfeff, 0xfefc, 0xfefd])(
    "a record version of %i in front of each plaintext record (trust G1)",
    (v) => {
      serves(new ScriptedClient(), (datagram) => {
        if (datagram[4] === 0) datagram.set([v >> 8, v & 0xff], 1)
      })
    }
  )

  it.each([1, 2 ** 32, 2 ** 47 + 1, 2 ** 48 - 2 ** 24 - 10])(
    "record numbers that begin at %i (trust G1)",
    (sequence) => {
      const client = new ScriptedClient()
      client.sequence = sequence
      serves(client)
    }
  )

  it.each([1, 5, 0x7fff])("message_seq that begins at %i (trust G1)", (helloSeq) => {
    const client = new ScriptedClient()
    client.helloSeq = helloSeq
    serves(client)
  })

  it.each([
    ["signature_algorithms of nonsense", extension(13, 1, 2, 3)],
    ["GREASE twice", [...extension(0x0a0a), ...extension(0x0a0a, 0)]],
    ["an unknown type twice", [...extension(0xabcd, 1), ...extension(0xabcd, 1)]],
    ["server_name, groups, points, tickets, heartbeat", [0, 10, 11, 35, 15].flatMap((type) => extension(type, 7, 7))],
    ["data in encrypt_then_mac", extension(22, 1)],
    ["the number of a draft's connection_id", extension(53, 2, 1, 1)],
    ["supported_versions with 1.3 first", extension(43, 4, 0xfe, 0xfc, 0xfe, 0xfd)],
    ["supported_versions with GREASE", extension(43, 6, 0x0a, 0x0a, 0xfe, 0xfd, 0x7f, 0x7f)]
  ])("%s (trust G1)", (_, list) => {
    serves(new WithExtensions(list))
  })

  it("data in extended_master_secret (trust G1)", () => {
    serves(new WithExtensions(extension(23, 9), false, { extensions: { extendedMasterSecret: false } }))
  })

  it("a list of no extensions (trust G1)", () => {
    serves(new WithExtensions([], true, { extensions: { extendedMasterSecret: false } }))
  })

  it("signalling suite and renegotiation_info at once (trust G1)", () => {
    const cipherSuites = [TLS_EMPTY_RENEGOTIATION_INFO_SCSV, 0x0a0a, TLS_PSK_WITH_AES_128_CCM_8]
    serves(new ScriptedClient({ cipherSuites, extensions: { renegotiationInfo: new Uint8Array(0) } }))
  })

  it("a session id that is not ours, of any length up to 32 (trust G1)", () => {
    for (const length of [1, 7, 16, 31, 32]) {
      class Foreign extends ScriptedClient {
        override get clientHello() {
          return { ...super.clientHello, sessionId: new Uint8Array(length).fill(3) }
        }
      }
      serves(new Foreign())
    }
  })

  it("255 compression methods, null among them (trust G1)", () => {
    class Compressing extends ScriptedClient {
      override get clientHello() {
        return { ...super.clientHello, compressionMethods: Uint8Array.from({ length: 255 }, (_, i) => 254 - i) }
      }
    }
    serves(new Compressing())
  })

  it("a version of a protected record other than 1.2, if it is what was authenticated (trust G1)", () => {
    const server = makeServer()
    const client = connect(server)
    const forged = client.data("x")
    forged[2] = 0xff
    server.receive(now, peer, forged)
    assert.containSubset(server.lastEvent, { _tag: "Dropped", reason: "BadRecord" })
  })

  it("several alerts in one record: the one that ends the session counts (RFC 5246 §6.2.1) (trust G1)", () => {
    const server = makeServer()
    const client = connect(server)
    server.receive(
      now,
      peer,
      client.seal(ContentType.alert, Uint8Array.of(AlertLevel.warning, 90, AlertLevel.warning, 0))
    )
    assert.containSubset(server.lastEvent, { _tag: "Closed", alert: "close_notify" })
  })

  it.each([TLS_PSK_WITH_AES_128_CCM_8, TLS_PSK_WITH_AES_128_CBC_SHA256])(
    "a resumption with suite %i that does not repeat max_fragment_length keeps to it (RFC 6066 §4) (trust G1)",
    (suite) => {
      const server = makeServer()
      const cipherSuites = [suite]
      const first = connect(server, { cipherSuites, extensions: { maxFragmentLength: 512 } })
      resume(server, { cipherSuites, session: first.session! })
      assert.strictEqual(server.sessions.get(peer.key)!.writeBytesMax, 512)
      assert.isAbove(serializeSession(server.sessions.get(peer.key)!).length, 0)
      // A record_size_limit is agreed on anew (RFC 8449 §5).
      resume(server, { cipherSuites, session: first.session!, extensions: { recordSizeLimit: 2048 } })
      assert.strictEqual(server.sessions.get(peer.key)!.writeBytesMax, 2048)
    }
  )
})

describe("a hello that can't be served gets an alert, once the cookie is valid", () => {
  it.each([
    ["only 1.3 in supported_versions", extension(43, 2, 0xfe, 0xfc), 70],
    ["only GREASE in supported_versions", extension(43, 2, 0x0a, 0x0a), 70],
    ["only 1.0 and 1.3 in supported_versions", extension(43, 4, 0xfe, 0xff, 0xfe, 0xfc), 70],
    ["an empty supported_versions", extension(43, 0), 70],
    ["a max_fragment_length that RFC 6066 does not know", extension(1, 9), 47],
    ["a record_size_limit of 63 (RFC 8449 §4)", extension(28, 0, 63), 47]
  ])("%s: alert (trust G6)", (_, list, alert) => {
    const server = makeServer()
    const client = new WithExtensions(list)
    const [request] = server.receive(now, peer, client.hello())
    assert.strictEqual(request![13], HandshakeType.hello_verify_request)
    client.takeHelloVerifyRequest(request!)
    const hello = client.hello()
    const replies = server.receive(now, peer, hello)
    assert.deepStrictEqual(replies.map(hex), [`15fefd0000000000000001000202${alert.toString(16)}`])
    assert.isBelow(replies[0]!.length, hello.length)
    assert.strictEqual(server.front.size, 0)
  })

  it("max_fragment_length does not count beside record_size_limit (RFC 8449 §5) (trust G1)", () => {
    serves(new WithExtensions([...extension(1, 9), ...extension(28, 0x40, 1)]))
  })
})

describe("what is not served is dropped and counted by its reason", () => {
  it("a ClientHello in fragments, and one of more than 2 048 bytes (trust G6)", () => {
    const server = makeServer()
    const client = new ScriptedClient()
    greet(server, client)
    const body = client.helloBody()
    const half = encodeHandshake(HandshakeType.client_hello, 1, body.subarray(0, 20))
    half.set([0, 0, body.length], 1)
    server.receive(now, peer, client.plaintext(half))
    assert.deepStrictEqual(server.lastEvent, { _tag: "Dropped", reason: "FragmentedClientHello" })
    const large = concatBytes([body, new Uint8Array(2048)])
    server.receive(now, peer, client.plaintext(encodeHandshake(HandshakeType.client_hello, 1, large)))
    assert.deepStrictEqual(server.lastEvent, { _tag: "Dropped", reason: "ClientHelloTooLarge" })
  })
})
