import { Code, encode, OptionNumber, stringOption, uintOption } from "@roost/coap"
import type { DeviceEvent } from "@roost/device"
import { Client, type ClientOutput, CookieSecrets, FrontHalf, PendingHandshake, SessionIds } from "@roost/dtls"
import { nodeCrypto as crypto } from "@roost/dtls-crypto"
import * as Result from "effect/Result"
import { assert, describe, it } from "vitest"
import { Transcript } from "../src/Transcript.ts"

const psk = new Uint8Array(16).fill(7)

/** The events of a handshake between our client and our server, as a link would report them. */
const handshake = (connectionId: Uint8Array | undefined): ReadonlyArray<DeviceEvent> => {
  const key = new Uint8Array(32).fill(1)
  const front = new FrontHalf({ crypto, cookieSecrets: new CookieSecrets(key), sessionIds: new SessionIds(key) })
  const peer = { key: "peer", address: new Uint8Array(1) }
  const client = new Client({ crypto, identity: new TextEncoder().encode("demo,m1,2,300"), psk, connectionId })
  const events: Array<DeviceEvent> = []
  let pending: PendingHandshake | undefined
  const answer = (datagram: Uint8Array): ReadonlyArray<Uint8Array> => {
    const outcome = front.handleDatagram(0, peer, datagram)
    if (outcome._tag === "Reply") return outcome.datagrams
    if (outcome._tag !== "HandOff") return []
    pending = Result.getOrThrow(PendingHandshake.fromHalf(outcome.half))
    const established = pending.providePsk(crypto, psk)
    return established._tag === "Established" ? established.reply : []
  }
  const take = (outputs: ReadonlyArray<ClientOutput>): void => {
    for (const output of outputs) {
      if (output._tag === "Connected") events.push(output)
      if (output._tag !== "Transmit") continue
      const { datagram, flight, transmission } = output
      events.push({ _tag: "Sent", datagram, flight, transmission })
      for (const reply of answer(datagram)) {
        events.push({ _tag: "Received", datagram: reply })
        take(client.handleDatagram(0, reply))
      }
    }
  }
  take(client.start(0))
  take(client.close())
  return events
}

const linesOf = (events: ReadonlyArray<DeviceEvent>): ReadonlyArray<string> => {
  const transcript = new Transcript("127.0.0.1:5684")
  return events.flatMap((event) => transcript.describe(event)).map((line) => line.replaceAll(/[0-9a-f]{16,}/g, "HEX"))
}

describe("a handshake", () => {
  it("by the names of its messages, with what was offered and chosen, under a connection id", () => {
    assert.deepStrictEqual(linesOf(handshake(new Uint8Array(0))), [
      "→ 86 B  ClientHello",
      "offers TLS_PSK_WITH_AES_128_CCM_8, TLS_PSK_WITH_AES_128_CBC_SHA256",
      "extensions: extended_master_secret, encrypt_then_mac, connection_id (none in records to us)",
      "← 44 B  HelloVerifyRequest",
      "cookie HEX: the same hello again with it proves that we get what is sent to us",
      "→ 102 B  ClientHello",
      "offers TLS_PSK_WITH_AES_128_CCM_8, TLS_PSK_WITH_AES_128_CBC_SHA256",
      "extensions: extended_master_secret, encrypt_then_mac, connection_id (none in records to us)",
      "with the cookie HEX",
      "← 144 B  ServerHello, ServerHelloDone",
      "chose TLS_PSK_WITH_AES_128_CCM_8; session HEX",
      "extensions: extended_master_secret, renegotiation_info, connection_id (HEX in records to the server)",
      "→ 116 B  ClientKeyExchange, ChangeCipherSpec, Finished, encrypted under the connection id, 41 B",
      "identity in clear: demo,m1,2,300",
      "← 67 B  ChangeCipherSpec, Finished, encrypted, 40 B",
      "● session established: TLS_PSK_WITH_AES_128_CCM_8, extended master secret, connection id HEX: the session survives another address of ours",
      "→ 40 B  encrypted under the connection id, 19 B (close_notify: the session ends)"
    ])
  })

  it("without one", () => {
    const lines = linesOf(handshake(undefined))
    assert.include(lines, "→ 107 B  ClientKeyExchange, ChangeCipherSpec, Finished, encrypted, 40 B")
    assert.strictEqual(lines.at(-1), "→ 31 B  alert, encrypted, 18 B (close_notify: the session ends)")
    assert.match(lines.at(-2)!, /no connection id: another address of ours is another handshake$/)
  })

  it("a repeated flight says what silence may mean, once", () => {
    const sent = handshake(undefined).filter((event) => event._tag === "Sent")
    const [hello, , last] = sent
    const transcript = new Transcript("127.0.0.1:5684")
    const [repeated, hint, ...more] = transcript.describe({ ...hello!, transmission: 2 })
    assert.strictEqual(repeated, "→ 81 B  ClientHello, transmission 2: no answer came in time")
    assert.match(hint!, /is the server up/)
    assert.isEmpty(more)
    assert.match(transcript.describe({ ...last!, transmission: 2 })[1]!, /wrong secret, SecureMode or Lifetime/)
    assert.lengthOf(transcript.describe({ ...last!, transmission: 3 }), 1)
  })

  it("noise is counted, in any length", () => {
    const transcript = new Transcript("127.0.0.1:5684")
    for (let length = 0; length < 80; length++) {
      const datagram = crypto.randomBytes(length)
      assert.include(transcript.describe({ _tag: "Received", datagram })[0], `${length} B`)
    }
  })
})

describe("CoAP messages", () => {
  const message = (code: number, options: Parameters<typeof encode>[0]["options"], payload = "") =>
    encode({
      type: code < 32 ? "CON" : "ACK",
      code,
      messageId: 7,
      token: Uint8Array.of(1, 2),
      options,
      payload: new TextEncoder().encode(payload)
    })
  const received = (bytes: Uint8Array) => new Transcript("127.0.0.1:5684").describe({ _tag: "MessageReceived", bytes })

  it("type, code, message id, token, path, options by name, payload", () => {
    const path = ["topic", "sys", "pk"].map((part) => stringOption(OptionNumber.UriPath, part))
    const options = [...path, uintOption(OptionNumber.ContentFormat, 50), uintOption(OptionNumber.Block1, 0x1e)]
    assert.deepStrictEqual(
      new Transcript("127.0.0.1:5684").describe({
        _tag: "MessageSent",
        bytes: message(Code.Post, options, "{}"),
        again: true
      }),
      [
        "→ CON POST mid 7 token 0102 /topic/sys/pk Content-Format=50 Block1=1/more/1024  {}  (sent again: no ACK came in time)"
      ]
    )
  })

  it("Option 2100 by its number, as the contract has it", () => {
    const bytes = message(Code.Changed, [stringOption(OptionNumber.PendingCommand, "/topic/sys/pk/dk/x")])
    assert.deepStrictEqual(received(bytes), ["← ACK 2.04 mid 7 token 0102 2100=/topic/sys/pk/dk/x"])
  })

  it("an error code is explained (contract §4.9)", () => {
    assert.deepStrictEqual(received(message(Code.Forbidden, [])), [
      "← ACK 4.03 mid 7 token 0102",
      "4.03: the topic is another device's"
    ])
  })

  it("never shows a device secret", () => {
    const payload = `{"params":{"deviceKey":"dk","deviceSecret": "s3cret"}}`
    assert.include(received(message(Code.Content, [], payload))[0], `"deviceSecret": "…"`)
    assert.notInclude(received(message(Code.Content, [], payload))[0], "s3cret")
  })

  it("bytes in hexadecimal, long payloads cut, no message at all", () => {
    const bytes = encode({
      type: "NON",
      code: 2,
      messageId: 1,
      token: new Uint8Array(0),
      options: [],
      payload: Uint8Array.of(0, 255)
    })
    assert.deepStrictEqual(received(bytes), ["← NON POST mid 1  0x00ff"])
    assert.match(received(message(Code.Content, [], "x".repeat(5000)))[0]!, /x{600}… \(5000 characters\)$/)
    assert.match(received(Uint8Array.of(1))[0]!, /1 bytes that are no CoAP message/)
  })
})

describe("--quiet", () => {
  const transcript = new Transcript("127.0.0.1:5684")
  const payload = new Uint8Array(0)

  it("leaves what happened to sessions, reports and commands", () => {
    assert.lengthOf(transcript.essence({ _tag: "Activated", assetId: "a" }), 1)
    assert.deepStrictEqual(transcript.essence({ _tag: "Reported", count: 1, code: Code.Changed, payload }), [
      "● report 1: 2.04"
    ])
    assert.deepStrictEqual(transcript.essence({ _tag: "CommandAnnounced", topic: "/sys" }), [])
    assert.deepStrictEqual(
      transcript.essence({ _tag: "MessageSent", bytes: Uint8Array.of(0x40, 1, 0, 1), again: false }),
      []
    )
  })

  it("leaves that nobody answers, once for each flight, and what the network says", () => {
    const sent = { _tag: "Sent", datagram: new Uint8Array(20), flight: "ClientHello" } as const
    assert.deepStrictEqual(transcript.essence({ ...sent, transmission: 1 }), [])
    const [head, hint] = transcript.essence({ ...sent, transmission: 2 })
    assert.strictEqual(head, "● no answer from 127.0.0.1:5684 yet")
    assert.match(hint!, /is the server up/)
    assert.deepStrictEqual(transcript.essence({ ...sent, transmission: 3 }), [])
    const [trouble, cause, ...more] = transcript.essence({ _tag: "NetworkTrouble", reason: "recvmsg ECONNREFUSED" })
    assert.strictEqual(trouble, "● the network says recvmsg ECONNREFUSED for 127.0.0.1:5684")
    assert.match(cause!, /nothing listens there/)
    assert.isEmpty(more)
  })
})

describe("the answer to a report", () => {
  const reported = (code: number, payload: string) =>
    new Transcript("h:1").essence({ _tag: "Reported", count: 2, code, payload: new TextEncoder().encode(payload) })[0]

  it("has the code of EnOS beside CoAP's, and says whether it was refused", () => {
    assert.strictEqual(reported(Code.Changed, `{"id":"1","code":200,"data":{}}`), "● report 2: 2.04, code 200")
    assert.strictEqual(
      reported(Code.Changed, `{"id":"1","code":1204,"message":"measurepoints.x: expected y"}`),
      "● report 2: 2.04, code 1204: measurepoints.x: expected y, refused"
    )
    assert.strictEqual(reported(Code.BadRequest, ""), "● report 2: 4.00, refused")
    assert.strictEqual(reported(Code.Changed, "\0\u0001"), "● report 2: 2.04")
  })
})
