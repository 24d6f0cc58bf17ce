import { assert, describe, it } from "@effect/vitest"
import { Code, decode, encode, noBytes, OptionNumber, stringOption, uintOption } from "@roost/coap"
import {
  type ClientHello,
  decodeClientHello,
  handshakeHeaderBytes,
  recordHeaderBytes,
  TLS_PSK_WITH_AES_128_CBC_SHA256,
  TLS_PSK_WITH_AES_128_CCM_8
} from "@roost/dtls"
import { Effect, Fiber } from "effect"
import * as Result from "effect/Result"
import { createSocket } from "node:dgram"
import { once } from "node:events"
import type { AddressInfo } from "node:net"
import {
  childProcess,
  coapClientGnutls,
  type CoapSession,
  freeUdpPort,
  gnutlsSession,
  opensslSession,
  type SessionOptions,
  type Suite,
  thirdPartyClients
} from "../src/index.ts"

/** libcoap's server takes its key as text. */
const psk = new Uint8Array(Buffer.from("0123456789abcdef"))
const identity = "product,device,2,3600"
const suites = ["CCM_8", "CBC_SHA256"] as const
const suiteIds = { CCM_8: TLS_PSK_WITH_AES_128_CCM_8, CBC_SHA256: TLS_PSK_WITH_AES_128_CBC_SHA256 }

/**
 * coap-server-gnutls knows both suites, and makes whatever is put. It serves DTLS on the port after its own, which may
 * be taken: then another pair is tried.
 */
const libcoapServer = Effect.gen(function* () {
  const port = yield* freeUdpPort
  const server = yield* childProcess({
    command: "coap-server-gnutls",
    args: ["-A", "127.0.0.1", "-p", `${port}`, "-k", Buffer.from(psk).toString(), "-h", "hint", "-d", "10", "-v", "7"],
    readyWhen: /created DTLS endpoint/,
    readyWithinMillis: 3_000
  })
  return { port: port + 1, log: server.output }
}).pipe(Effect.retry({ times: 5 }))

const putAndGet = Effect.fnUntraced(function* (session: CoapSession, payload: Uint8Array, blockBytes?: number) {
  const block = blockBytes === undefined ? {} : { blockBytes }
  const put = yield* session.request({ method: "PUT", path: "/roost/test", payload, ...block })
  assert.match(put.code, /^2\.0[14]$/)
  const get = yield* session.request({ method: "GET", path: "/roost/test", ...block })
  assert.strictEqual(get.code, "2.05")
  assert.deepStrictEqual(Buffer.from(get.payload), Buffer.from(payload))
})

/** The first ClientHello that `connect` sends. */
const offered = <E>(connect: (options: SessionOptions) => Effect.Effect<unknown, E>, suite: Suite) =>
  Effect.gen(function* () {
    const socket = yield* Effect.acquireRelease(
      Effect.promise(async () => {
        const socket = createSocket("udp4").bind(0, "127.0.0.1")
        await once(socket, "listening")
        return socket
      }),
      (socket) => Effect.sync(() => socket.close())
    )
    const received = once(socket, "message") as Promise<[Buffer]>
    const client = yield* Effect.forkScoped(
      connect({ port: (socket.address() as AddressInfo).port, identity, psk, suite })
    )
    const [datagram] = yield* Effect.promise(() => received)
    yield* Fiber.interrupt(client)
    const hello = decodeClientHello(new Uint8Array(datagram).subarray(recordHeaderBytes + handshakeHeaderBytes))
    return Result.getOrThrow(hello) as ClientHello
  }).pipe(Effect.scoped)

describe.each(thirdPartyClients)("$name", (client) => {
  it.live.each(suites)("puts and gets over %s", (suite) =>
    Effect.gen(function* () {
      const session = yield* client.connect({ port: (yield* libcoapServer).port, identity, psk, suite })
      yield* putAndGet(session, new Uint8Array(Buffer.from("[1, 2]\r\n\0äö\xff")))
      const nowhere = yield* session.request({ method: "GET", path: "/nowhere" })
      assert.deepStrictEqual([nowhere.type, nowhere.code], ["ACK", "4.04"])
    })
  )

  it.live.each(suites)("offers %s, and the other one only if it can't be told not to", (suite) =>
    Effect.gen(function* () {
      const request = (options: SessionOptions) =>
        Effect.scoped(
          Effect.flatMap(client.connect(options), (session) => session.request({ method: "GET", path: "/" }))
        )
      const { cipherSuites } = yield* offered(request, suite)
      const other = suite === "CCM_8" ? "CBC_SHA256" : "CCM_8"
      assert.include(cipherSuites, suiteIds[suite])
      assert.strictEqual(cipherSuites.includes(suiteIds[other]), client.suites === "server's choice")
    })
  )

  it.live("is answered by NON when it sends NON", () =>
    Effect.gen(function* () {
      const session = yield* client.connect({ port: (yield* libcoapServer).port, identity, psk, suite: "CCM_8" })
      const response = yield* session.request({ method: "GET", path: "/", confirmable: false })
      assert.deepStrictEqual([response.type, response.code], ["NON", "2.05"])
    })
  )

  it.live("sends further options and shows those of the response", () =>
    Effect.gen(function* () {
      const { port, log } = yield* libcoapServer
      const session = yield* client.connect({ port, identity, psk, suite: "CCM_8" })
      const elective = { number: OptionNumber.PendingCommand, value: Uint8Array.of(1, 0, 255) }
      const { options } = yield* session.request({ method: "GET", path: "/.well-known/core", options: [elective] })
      // Its log comes by a pipe and may be later than its response.
      yield* Effect.sync(() => log().includes("2100:\\x01\\x00\\xFF")).pipe(
        Effect.delay("5 millis"),
        Effect.repeat({ until: (shown) => shown })
      )
      const format = options.find(({ number }) => number === OptionNumber.ContentFormat)
      assert.deepStrictEqual(format, uintOption(OptionNumber.ContentFormat, 40))
    })
  )

  it.live("does not get a session with a wrong key", () =>
    Effect.gen(function* () {
      const wrong = new Uint8Array(16).fill(0x61)
      const options = {
        port: (yield* libcoapServer).port,
        identity,
        psk: wrong,
        suite: "CCM_8",
        withinMillis: 1_500
      } as const
      const error = yield* client.connect(options).pipe(
        Effect.flatMap((session) => session.request({ method: "GET", path: "/" })),
        Effect.flip
      )
      assert.strictEqual(error.reason, "NoSession")
    })
  )
})

describe.each(thirdPartyClients.filter(({ blockwise }) => blockwise))("$name", (client) => {
  it.live("moves 3000 bytes in blocks of 256 (RFC 7959)", () =>
    Effect.gen(function* () {
      const session = yield* client.connect({ port: (yield* libcoapServer).port, identity, psk, suite: "CCM_8" })
      yield* putAndGet(session, new Uint8Array(Buffer.from("roost ".repeat(500))), 256)
    })
  )
})

describe("sessions of raw bytes", () => {
  const get = encode({
    type: "CON",
    code: Code.Get,
    // Line ends and a letter that s_client would take for a command, were they not off.
    messageId: 0x0d0a,
    token: new Uint8Array(Buffer.from("\nQ\n")),
    options: [stringOption(OptionNumber.UriPath, "time")],
    payload: noBytes
  })

  it.live.each([
    ["openssl", opensslSession],
    ["gnutls", gnutlsSession]
  ] as const)("%s passes every byte", ([, connect]) =>
    Effect.gen(function* () {
      const session = yield* connect({ port: (yield* libcoapServer).port, identity, psk, suite: "CCM_8" })
      yield* session.send(get)
      const answer = Result.getOrThrow(decode(yield* session.receive))
      assert.deepStrictEqual([answer.type, answer.messageId, answer.code], ["ACK", 0x0d0a, Code.Content])
      yield* session.close
    })
  )

  it.live("leave out encrypt-then-MAC (RFC 7366) and extended master secret (RFC 7627) on request", () =>
    Effect.gen(function* () {
      const flags = Effect.fnUntraced(function* (
        connect: (options: SessionOptions) => Effect.Effect<unknown, unknown>
      ) {
        const { extensions } = yield* offered(connect, "CBC_SHA256")
        return [extensions.encryptThenMac, extensions.extendedMasterSecret]
      })
      const gnutls = (more: object) => flags((options) => Effect.scoped(gnutlsSession({ ...options, ...more })))
      const openssl = (more: object) => flags((options) => Effect.scoped(opensslSession({ ...options, ...more })))
      assert.deepStrictEqual(yield* gnutls({}), [true, true])
      assert.deepStrictEqual(yield* gnutls({ encryptThenMac: false, extendedMasterSecret: false }), [false, false])
      assert.deepStrictEqual(yield* openssl({}), [true, true])
      assert.deepStrictEqual(yield* openssl({ encryptThenMac: false }), [false, true])
    })
  )
})

describe("coap-client", () => {
  it.live("refuses a key that it can't be given", () =>
    Effect.gen(function* () {
      const options = { port: 1, identity, psk: new Uint8Array(16), suite: "CCM_8" } as const
      assert.strictEqual((yield* Effect.flip(coapClientGnutls.connect(options))).reason, "Unable")
    })
  )
})
