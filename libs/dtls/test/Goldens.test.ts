import { nodeCrypto as crypto } from "@roost/dtls-crypto"
import * as Result from "effect/Result"
import { assert, describe, it } from "vitest"
import { ContentType, readRecord } from "../src/record/Header.ts"
import type { RecordView } from "../src/record/Header.ts"
import type { DirectionKeys } from "../src/record/DirectionKeys.ts"
import { openRecord } from "../src/record/Protection.ts"
import { type CipherSuite, isCipherSuite } from "../src/CipherSuite.ts"
import { decodeClientHello, encodeClientHello } from "../src/handshake/ClientHello.ts"
import { decodeClientKeyExchange, encodeClientKeyExchange } from "../src/handshake/ClientKeyExchange.ts"
import { decodeHelloVerifyRequest, encodeHelloVerifyRequest } from "../src/handshake/HelloVerifyRequest.ts"
import { type HandshakeMessage, HandshakeType, readHandshakeFragment } from "../src/handshake/Header.ts"
import { Reassembly } from "../src/handshake/Reassembly.ts"
import { decodeServerHello } from "../src/handshake/ServerHello.ts"
import { decodeServerHelloDone } from "../src/handshake/ServerHelloDone.ts"
import { Transcript } from "../src/handshake/Transcript.ts"
import {
  classicMasterSecret,
  deriveKeyBlock,
  extendedMasterSecret,
  pskPremasterSecret,
  verifyData
} from "../src/KeySchedule.ts"
import { cidGoldens } from "./fixtures/cidGoldens.ts"
import { goldens } from "./fixtures/goldens.ts"
import { hex, unhex } from "./support/hex.ts"

const limits = { messageBytesMax: 1024, messagesAheadMax: 4 }

function recordsOf(datagram: Uint8Array, cidLength = 0): Array<RecordView> {
  const records: Array<RecordView> = []
  for (let offset = 0; offset < datagram.length;) {
    const record = readRecord(datagram, offset, cidLength)
    if (record === undefined) throw new Error("a captured datagram has a defect")
    records.push(record)
    offset = record.next
  }
  return records
}

describe.each([...goldens, ...cidGoldens])("captured from $name", (golden) => {
  const all = golden.datagrams.flatMap(([by, bytes]) =>
    recordsOf(unhex(bytes), golden.cidLengths?.[by]).map((record) => ({ by, record }))
  )
  const messages: Array<HandshakeMessage & { by: "c" | "s" }> = []
  const reassembly = { c: new Reassembly(limits), s: new Reassembly(limits) }
  for (const { by, record } of all) {
    if (record.contentType !== ContentType.handshake || record.epoch !== 0) continue
    for (let offset = 0; offset < record.fragment.length;) {
      const fragment = readHandshakeFragment(record.fragment, offset)!
      offset = fragment.next
      reassembly[by].add(fragment)
      for (let message = reassembly[by].take(); message !== undefined; message = reassembly[by].take()) {
        messages.push({ ...message, by })
      }
    }
  }
  const bodies = (type: number): Array<Uint8Array> =>
    messages.filter((message) => message.type === type).map(({ body }) => body)

  it("every message decodes, and encodes to the same bytes where we know all that is in it", () => {
    const [first, second] = bodies(HandshakeType.client_hello).map((body) => Result.getOrThrow(decodeClientHello(body)))
    assert.lengthOf(first!.cookie, 0)
    const request = bodies(HandshakeType.hello_verify_request)[0]!
    const { cookie } = Result.getOrThrow(decodeHelloVerifyRequest(request))
    assert.deepStrictEqual(second!.cookie, cookie)
    assert.strictEqual(hex(encodeHelloVerifyRequest({ version: 0xfeff, cookie })), hex(request))
    const exchange = bodies(HandshakeType.client_key_exchange)[0]!
    const { pskIdentity } = Result.getOrThrow(decodeClientKeyExchange(exchange))
    assert.strictEqual(new TextDecoder().decode(pskIdentity), golden.identity)
    assert.strictEqual(hex(encodeClientKeyExchange({ pskIdentity })), hex(exchange))
    assert.isTrue(Result.isSuccess(decodeServerHelloDone(bodies(HandshakeType.server_hello_done)[0]!)))
    const withoutExtensions = encodeClientHello({ ...second!, extensions: { ...first!.extensions } })
    // Both stacks also send extensions that we ignore, so only what precedes them must match.
    const fixed = 2 + 32 + 1 + second!.sessionId.length + 1 + cookie.length + 2 + second!.cipherSuites.length * 2 + 2
    assert.strictEqual(
      hex(withoutExtensions.subarray(0, fixed)),
      hex(bodies(HandshakeType.client_hello)[1]!.subarray(0, fixed))
    )
  })

  it("both Finished verify and the application data opens with the derived keys", () => {
    const clientHello = Result.getOrThrow(decodeClientHello(bodies(HandshakeType.client_hello)[1]!))
    const serverHello = Result.getOrThrow(decodeServerHello(bodies(HandshakeType.server_hello)[0]!))
    if (!isCipherSuite(serverHello.cipherSuite)) throw new Error("the capture uses a suite that we lack")
    const suite: CipherSuite = serverHello.cipherSuite
    const transcript = new Transcript()
    // RFC 6347 §4.2.6: without the first ClientHello and the HelloVerifyRequest.
    const relevant = messages.slice(2)
    const keyExchange = relevant.findIndex(({ type }) => type === HandshakeType.client_key_exchange)
    for (const message of relevant.slice(0, keyExchange + 1)) transcript.append(message)
    const premaster = pskPremasterSecret(unhex(golden.psk))
    const master = serverHello.extensions.extendedMasterSecret
      ? extendedMasterSecret(crypto, premaster, transcript.hash(crypto))
      : classicMasterSecret(crypto, premaster, clientHello.random, serverHello.random)
    const block = deriveKeyBlock(crypto, suite, master, clientHello.random, serverHello.random)
    const { encryptThenMac } = serverHello.extensions
    const keys: Record<"c" | "s", DirectionKeys> = {
      c: { suite, encryptThenMac, key: block.clientKey, salt: block.clientSalt },
      s: { suite, encryptThenMac, key: block.serverKey, salt: block.serverSalt }
    }
    const opened = all
      .filter(({ record }) => record.epoch === 1)
      .map(({ by, record }) => ({ by, plaintext: openRecord(crypto, keys[by], record)! }))
    const finished = opened.filter(({ plaintext }) => plaintext.contentType === ContentType.handshake)
    assert.deepStrictEqual(
      finished.map(({ by }) => by),
      ["c", "s"]
    )

    const ofClient = readHandshakeFragment(finished[0]!.plaintext.fragment, 0)!
    assert.strictEqual(ofClient.type, HandshakeType.finished)
    assert.strictEqual(hex(ofClient.fragment), hex(verifyData(crypto, "client", master, transcript.hash(crypto))))
    transcript.append({ type: ofClient.type, messageSeq: ofClient.messageSeq, body: ofClient.fragment })
    for (const message of relevant.slice(keyExchange + 1)) transcript.append(message)
    const ofServer = readHandshakeFragment(finished[1]!.plaintext.fragment, 0)!
    assert.strictEqual(hex(ofServer.fragment), hex(verifyData(crypto, "server", master, transcript.hash(crypto))))

    const data = opened.find(({ plaintext }) => plaintext.contentType === ContentType.application_data)!
    assert.strictEqual(new TextDecoder().decode(data.plaintext.fragment), golden.message)
  })
})

it("the captures cover both suites, both master secrets and both orders of MAC and encryption", () => {
  const seen = new Set<string>()
  for (const golden of goldens) {
    for (const [by, bytes] of golden.datagrams) {
      const record = recordsOf(unhex(bytes))[0]!
      if (by !== "s" || record.contentType !== ContentType.handshake || record.epoch !== 0) continue
      const fragment = readHandshakeFragment(record.fragment, 0)!
      if (fragment.type !== HandshakeType.server_hello) continue
      const { cipherSuite, extensions } = Result.getOrThrow(decodeServerHello(fragment.fragment))
      seen.add(`${cipherSuite.toString(16)} ems=${extensions.extendedMasterSecret} etm=${extensions.encryptThenMac}`)
    }
  }
  assert.deepStrictEqual([...seen].sort(), [
    "ae ems=true etm=false",
    "ae ems=true etm=true",
    "c0a8 ems=false etm=false",
    "c0a8 ems=true etm=false"
  ])
})
