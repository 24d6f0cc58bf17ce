import { nodeCrypto as crypto } from "@roost/dtls-crypto"
import * as Result from "effect/Result"
import { assert, describe, it } from "vitest"
import {
  AlertDescription,
  ContentType,
  deserializeSession,
  encodeAlert,
  encodeHandshake,
  fatalAlert,
  HandshakeType,
  serializeSession,
  type Session,
  TLS_PSK_WITH_AES_128_CBC_SHA256,
  TLS_PSK_WITH_AES_128_CCM_8,
  warningAlert
} from "../src/index.ts"
import { connect, makeServer, peer } from "./support/handshake.ts"
import { hex } from "./support/hex.ts"
import type { ScriptedClient, ScriptedClientOptions } from "./support/ScriptedClient.ts"

function established(options: ScriptedClientOptions = {}): { client: ScriptedClient; session: Session } {
  const server = makeServer()
  const client = connect(server, options)
  return { client, session: server.sessions.get(peer.key)! }
}

const text = (opened: ReturnType<Session["open"]>): string =>
  opened._tag === "ApplicationData" ? new TextDecoder().decode(opened.plaintext) : opened._tag

describe("records", () => {
  it("good records around a bad one are opened (RFC 6347 §4.1.1, F7)", () => {
    const { client, session } = established()
    const records = ["one", "two", "three"].map((data) => client.data(data))
    records[1]![20]! ^= 1
    const datagram = new Uint8Array(Buffer.concat(records))
    const seen: Array<string> = []
    for (let offset = 0; offset < datagram.length;) {
      const opened = session.open(crypto, datagram, offset)
      seen.push(text(opened))
      offset = opened.next
    }
    assert.deepStrictEqual(seen, ["one", "Dropped", "three"])
  })

  it("a record longer than its datagram, or cut at any byte, drops the rest of the datagram only (F6)", () => {
    const { client, session } = established()
    const record = client.data("whole")
    for (let length = 1; length < record.length; length++) {
      assert.deepStrictEqual(session.open(crypto, record.subarray(0, length), 0), {
        _tag: "Dropped",
        reason: "Malformed",
        next: length
      })
    }
    assert.strictEqual(text(session.open(crypto, record, 0)), "whole")
  })

  it("every record is taken once, whatever the order (F8)", () => {
    const { client, session } = established()
    const records = Array.from({ length: 64 }, (_, i) => client.data(String(i))).toReversed()
    for (const [i, record] of records.entries())
      assert.strictEqual(text(session.open(crypto, record, 0)), String(63 - i))
    for (const record of records) assert.containSubset(session.open(crypto, record, 0), { reason: "Replay" })
  })

  it("a forged record with a high sequence number does not move the window (F9)", () => {
    const { client, session } = established()
    const honest = client.data("honest")
    const forged = client.data("forged")
    forged.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 5)
    assert.containSubset(session.open(crypto, forged, 0), { _tag: "Dropped", reason: "BadRecord" })
    assert.strictEqual(text(session.open(crypto, honest, 0)), "honest")
  })

  it("tells whether a record is newer than all before it (RFC 9146 §6, F14)", () => {
    const { client, session } = established({ extensions: { connectionId: new Uint8Array(0) } })
    const older = client.data("older")
    const newer = client.data("newer")
    assert.containSubset(session.open(crypto, newer, 0), { _tag: "ApplicationData", newest: true })
    assert.containSubset(session.open(crypto, older, 0), { _tag: "ApplicationData", newest: false })
    assert.containSubset(session.open(crypto, newer, 0), { _tag: "Dropped", reason: "Replay" })
  })

  it("nothing in epoch 0 counts: data, alerts, ChangeCipherSpec (D2, D4, D17)", () => {
    const { client, session } = established()
    for (const [type, content] of [
      [ContentType.application_data, new TextEncoder().encode("plain")],
      [ContentType.alert, encodeAlert(fatalAlert("handshake_failure"))],
      [ContentType.alert, encodeAlert(warningAlert("close_notify"))],
      [ContentType.change_cipher_spec, Uint8Array.of(1)]
    ] as const) {
      assert.containSubset(session.open(crypto, client.plaintext(content, type), 0), { reason: "PlaintextRecord" })
    }
    const encrypted = client.seal(ContentType.change_cipher_spec, Uint8Array.of(1))
    assert.containSubset(session.open(crypto, encrypted, 0), { _tag: "Ignored", reason: "ChangeCipherSpec" })
    assert.strictEqual(text(session.open(crypto, client.data("alive"), 0)), "alive")
  })

  it("drops other epochs and versions before any key is used", () => {
    const { client, session } = established()
    const epoch = client.data("x")
    epoch[4] = 2
    assert.containSubset(session.open(crypto, epoch, 0), { reason: "WrongEpoch" })
    const version = client.data("x")
    version[1] = 0x03
    assert.containSubset(session.open(crypto, version, 0), { reason: "WrongVersion" })
  })

  it("takes data of no bytes (RFC 5246 §6.2.1)", () => {
    const { client, session } = established()
    assert.strictEqual(text(session.open(crypto, client.data(""), 0)), "")
  })
})

describe("connection ids (RFC 9146 §3, F13)", () => {
  const withCid = { extensions: { connectionId: Uint8Array.of(1, 2, 3, 4) } }

  it("our records carry the client's id, the client's ours, from Finished on", () => {
    const { client, session } = established(withCid)
    const record = Result.getOrThrow(session.seal(crypto, ContentType.application_data, Uint8Array.of(1)))
    assert.strictEqual(hex(record.subarray(0, 15)), "19fefd000100000000000101020304")
    const [type, cid] = [client.data("x")[0], client.session!.writeCid]
    assert.strictEqual(type, ContentType.tls12_cid)
    assert.strictEqual(hex(cid), hex(session.readCid))
    assert.lengthOf(cid, 8)
  })

  it("an empty id asked for by the client: classic records to it, ours in its records", () => {
    const { client, session } = established({ extensions: { connectionId: new Uint8Array(0) } })
    const record = Result.getOrThrow(session.seal(crypto, ContentType.application_data, Uint8Array.of(1)))
    assert.strictEqual(record[0], ContentType.application_data)
    assert.strictEqual(client.data("x")[0], ContentType.tls12_cid)
  })

  it("drops a classic record although its keys are right, an unknown id, and an id where none was negotiated", () => {
    const { client, session } = established(withCid)
    const bare = established()
    assert.containSubset(session.open(crypto, bare.client.data("classic"), 0), { reason: "CidExpected" })
    const other = client.data("other")
    other[11]! ^= 1
    assert.containSubset(session.open(crypto, other, 0), { reason: "WrongCid" })
    assert.containSubset(bare.session.open(crypto, client.data("cid"), 0), { reason: "CidUnexpected" })
    const foreign = established(withCid).client.data("other keys")
    foreign.set(session.readCid, 11)
    assert.containSubset(session.open(crypto, foreign, 0), { reason: "BadRecord" })
    assert.strictEqual(text(session.open(crypto, client.data("mine"), 0)), "mine")
  })
})

describe("alerts", () => {
  it("close_notify of the peer closes, and nothing is read or written after it (RFC 5246 §7.2.1)", () => {
    const { client, session } = established()
    const data = client.data("too late")
    const closing = client.seal(ContentType.alert, encodeAlert(warningAlert("close_notify")))
    assert.containSubset(session.open(crypto, closing, 0), { _tag: "Closed", by: "peer", alert: "close_notify" })
    assert.containSubset(session.open(crypto, data, 0), { _tag: "Dropped", reason: "SessionClosed" })
    assert.deepStrictEqual(Result.getOrThrow(Result.flip(session.seal(crypto, ContentType.application_data, data))), {
      by: "local",
      reason: "SessionClosed"
    })
  })

  it("our close_notify is an authenticated record, the last one", () => {
    const { client, session } = established()
    const record = Result.getOrThrow(session.closeNotify(crypto))
    assert.containSubset(client.session!.open(crypto, record, 0), { _tag: "Closed", alert: "close_notify" })
    assert.isTrue(Result.isFailure(session.closeNotify(crypto)))
  })

  it("a fatal alert closes and keeps its name; a warning does not; a malformed one is ignored", () => {
    const { client, session } = established()
    const warning = encodeAlert({ level: 1, description: AlertDescription.user_canceled })
    assert.containSubset(session.open(crypto, client.seal(ContentType.alert, warning), 0), { reason: "WarningAlert" })
    assert.containSubset(session.open(crypto, client.seal(ContentType.alert, Uint8Array.of(2)), 0), {
      reason: "MalformedAlert"
    })
    const fatal = client.seal(ContentType.alert, Uint8Array.of(2, 199))
    assert.containSubset(session.open(crypto, fatal, 0), { _tag: "Closed", alert: "alert_199" })
  })
})

it("a renegotiation is refused with a warning and the session goes on (RFC 5246 §7.2.2, D11)", () => {
  const { client, session } = established()
  const hello = encodeHandshake(HandshakeType.client_hello, 0, new Uint8Array(40))
  const opened = session.open(crypto, client.seal(ContentType.handshake, hello), 0)
  if (opened._tag !== "Answer") throw new Error(opened._tag)
  assert.strictEqual(opened.reason, "RenegotiationRefused")
  assert.containSubset(client.session!.open(crypto, opened.bytes, 0), { _tag: "Ignored", reason: "WarningAlert" })
  assert.strictEqual(text(session.open(crypto, client.data("alive"), 0)), "alive")
})

describe("the last flight (RFC 6347 §4.2.4, D20)", () => {
  it("goes out again, in new records, for each Finished that is repeated, until the client sends data", () => {
    const { client, session } = established()
    for (let i = 0; i < 3; i++) {
      const opened = session.open(crypto, client.finished(), 0)
      if (opened._tag !== "Answer") throw new Error(opened._tag)
      assert.strictEqual(opened.reason, "LastFlightRepeated")
      client.takeServerFinished([opened.bytes])
    }
    assert.strictEqual(session.writeSequence, 4)
    session.open(crypto, client.data("got it"), 0)
    assert.containSubset(session.open(crypto, client.finished(), 0), { _tag: "Ignored", reason: "Handshake" })
  })
})

describe("sealing", () => {
  it("writes into the caller's buffer behind a header, exactly as many bytes as announced", () => {
    for (const cipherSuites of [[TLS_PSK_WITH_AES_128_CCM_8], [TLS_PSK_WITH_AES_128_CBC_SHA256]]) {
      const { client, session } = established({ cipherSuites })
      const plaintext = new TextEncoder().encode("in place")
      const target = new Uint8Array(10 + session.sealedBytes(plaintext.length) + 5).fill(0xee)
      const end = session.sealInto(crypto, ContentType.application_data, plaintext, target, 10)
      assert.deepStrictEqual(end, Result.succeed(target.length - 5))
      assert.strictEqual(hex(target.subarray(0, 10)), "ee".repeat(10))
      assert.strictEqual(hex(target.subarray(-5)), "ee".repeat(5))
      assert.strictEqual(text(client.session!.open(crypto, target.subarray(0, -5), 10)), "in place")
    }
  })

  it("the reserved block is never left: the next sequence number is an error value (F10)", () => {
    const { session } = established()
    session.writeLimit = session.writeSequence + 2
    const seal = () => session.seal(crypto, ContentType.application_data, Uint8Array.of(1))
    const sequences = [seal(), seal()].map((record) => hex(Result.getOrThrow(record).subarray(3, 11)))
    assert.strictEqual(new Set(sequences).size, 2)
    assert.containSubset(Result.getOrThrow(Result.flip(seal())), { by: "local", reason: "SequenceExhausted", limit: 3 })
    session.writeLimit += 1
    assert.isTrue(Result.isSuccess(seal()))
  })

  it("refuses more than the peer takes (RFC 8449 §4), with nothing written and no number used", () => {
    const { session } = established({ extensions: { recordSizeLimit: 100 } })
    const before = session.writeSequence
    const error = Result.getOrThrow(
      Result.flip(session.seal(crypto, ContentType.application_data, new Uint8Array(101)))
    )
    assert.deepStrictEqual(error, { by: "local", reason: "PlaintextTooLarge", limit: 100, got: 101 })
    assert.strictEqual(session.writeSequence, before)
    assert.isTrue(Result.isSuccess(session.seal(crypto, ContentType.application_data, new Uint8Array(100))))
  })
})

describe("serialised", () => {
  const options = [
    { cipherSuites: [TLS_PSK_WITH_AES_128_CCM_8] },
    { cipherSuites: [TLS_PSK_WITH_AES_128_CBC_SHA256], extensions: { encryptThenMac: true } },
    { extensions: { connectionId: new Uint8Array(20).fill(1), extendedMasterSecret: false, recordSizeLimit: 200 } }
  ]

  it.each(options)("a session goes on in another process (%j)", (chosen) => {
    const { client, session } = established(chosen)
    const replayed = client.data("before")
    session.open(crypto, client.data("skip"), 0)
    session.open(crypto, replayed, 0)
    const restored = Result.getOrThrow(deserializeSession(serializeSession(session)))
    assert.deepStrictEqual(restored, session)
    assert.containSubset(restored.open(crypto, replayed, 0), { reason: "Replay" })
    assert.strictEqual(text(restored.open(crypto, client.data("after"), 0)), "after")
    const answer = Result.getOrThrow(restored.seal(crypto, ContentType.application_data, Uint8Array.of(104, 105)))
    assert.strictEqual(text(client.session!.open(crypto, answer, 0)), "hi")
  })

  it("keeps the last flight and the high-water marks", () => {
    const { session } = established()
    session.highest = 2 ** 48 - 1
    session.recent = -5
    session.older = 1 << 31
    const restored = Result.getOrThrow(deserializeSession(serializeSession(session)))
    assert.deepStrictEqual(restored, session)
    assert.deepStrictEqual(restored.lastFlight, session.lastFlight)
  })

  it("does not read another version, a foreign suite, or any prefix", () => {
    const state = serializeSession(established().session)
    for (let length = 0; length < state.length; length++) {
      assert.isTrue(Result.isFailure(deserializeSession(state.subarray(0, length))))
    }
    assert.deepStrictEqual(Result.getOrThrow(Result.flip(deserializeSession(Uint8Array.of(9)))), {
      by: "local",
      reason: "UnknownVersion",
      expected: "session version 1",
      got: 9
    })
    const foreign = state.slice()
    foreign[2] = 0x13
    assert.containSubset(Result.getOrThrow(Result.flip(deserializeSession(foreign))), { reason: "IllegalValue" })
  })

  it("a block that is reserved by being stored is the owner's next one (F10)", () => {
    const { session } = established()
    session.writeLimit = 256
    const restored = Result.getOrThrow(deserializeSession(serializeSession(session, 512)))
    assert.strictEqual(restored.writeLimit, 512)
    assert.strictEqual(session.writeLimit, 256)
  })

  it("any change of any byte is read or refused, and what was read opens and seals without a throw (F1)", () => {
    const { client, session } = established({ extensions: { connectionId: new Uint8Array(8).fill(1) } })
    const state = serializeSession(session)
    const record = client.data("hello")
    for (let at = 0; at < state.length; at++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const hostile = state.slice()
        hostile[at]! ^= flip
        const restored = deserializeSession(hostile)
        if (Result.isFailure(restored)) continue
        restored.success.open(crypto, record, 0)
        restored.success.seal(crypto, ContentType.application_data, record)
      }
    }
  })
})
