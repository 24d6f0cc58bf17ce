import { nodeCrypto } from "@roost/dtls-crypto"
import * as Result from "effect/Result"
import {
  ContentType,
  CookieSecrets,
  type Crypto,
  deserializeSession,
  FrontHalf,
  frontHalfLimits,
  PendingHandshake,
  resumeHandshake,
  serializeSession,
  SessionIds,
  TLS_PSK_WITH_AES_128_CBC_SHA256,
  TLS_PSK_WITH_AES_128_CCM_8
} from "../src/index.ts"
import { concatBytes } from "../src/internal/bytes.ts"
import { connect, greet, lastFlight, makeServer, now, peer } from "../test/support/handshake.ts"
import { defaultPsk, ScriptedClient } from "../test/support/ScriptedClient.ts"

/** The same bytes each time: a run has to depend on its input alone. */
const crypto: Crypto = Object.create(nodeCrypto, {
  randomBytes: { value: (length: number) => new Uint8Array(length).fill(0x5a) }
})

/** Takes any cookie, so that what is behind it is reached. */
class AnyCookie extends CookieSecrets {
  override verify(): boolean {
    return true
  }
}

/** Several datagrams in one input: each has its length, two octets, in front. */
const sequence = (...datagrams: ReadonlyArray<Uint8Array>): Uint8Array =>
  concatBytes(datagrams.flatMap((datagram) => [Uint8Array.of(datagram.length >> 8, datagram.length & 0xff), datagram]))

const datagramsOf = (input: Uint8Array): Array<Uint8Array> => {
  const datagrams: Array<Uint8Array> = []
  for (let at = 0; at + 2 <= input.length;) {
    const length = (input[at]! << 8) | input[at + 1]!
    datagrams.push(input.slice(at + 2, at + 2 + length))
    at += 2 + length
  }
  return datagrams
}

const suites = [TLS_PSK_WITH_AES_128_CCM_8, TLS_PSK_WITH_AES_128_CBC_SHA256]

const clients = () =>
  suites.flatMap((suite) => [
    new ScriptedClient({ cipherSuites: [suite] }),
    new ScriptedClient({
      cipherSuites: [suite],
      extensions: { connectionId: Uint8Array.of(1, 2, 3), encryptThenMac: true, maxFragmentLength: 512 } as never
    })
  ])

/** An honest client's flights, and the edge's hand-off of them. */
const honest = () =>
  clients().map((client) => {
    const server = makeServer({ crypto })
    const first = client.hello()
    client.takeServerFlight(greet(server, client))
    const second = client.hello()
    const last = lastFlight(client)
    server.receive(now, peer, last)
    const handedOff = server.events.find((event) => event._tag === "HandOff")
    return { client, first, second, last, half: handedOff?._tag === "HandOff" ? handedOff.half : new Uint8Array(0) }
  })

const front = (cookieSecrets: CookieSecrets) =>
  new FrontHalf({
    crypto,
    cookieSecrets,
    sessionIds: new SessionIds(new Uint8Array(32)),
    limits: { ...frontHalfLimits, peersInHandshakeMax: 4 }
  })

const isFinishedBy = (half: Uint8Array, datagrams: ReadonlyArray<Uint8Array>): boolean => {
  const pending = PendingHandshake.fromHalf(half)
  if (Result.isFailure(pending)) return false
  let outcome = pending.success.providePsk(crypto, new Uint8Array(16).fill(0x77))
  for (const datagram of datagrams) {
    if (outcome._tag !== "NeedMore") break
    outcome = pending.success.handleDatagram(crypto, now, datagram)
  }
  return outcome._tag === "Established"
}

let sessions: ReadonlyArray<Uint8Array> | undefined
/** One with each suite, with a connection id and without. */
const storedSessions = (): ReadonlyArray<Uint8Array> =>
  (sessions ??= clients().map(({ options }) => {
    const server = makeServer({ crypto })
    connect(server, options)
    return serializeSession([...server.sessions.values()][0]!).slice()
  }))

/** The first octet says which session. */
const openAll = (input: Uint8Array, using: Crypto): ReadonlyArray<string> => {
  const state = storedSessions()[(input[0] ?? 0) % storedSessions().length]!
  const session = Result.getOrThrow(deserializeSession(state))
  const tags: Array<string> = []
  for (const datagram of datagramsOf(input.subarray(1))) {
    for (let offset = 0; offset < datagram.length;) {
      const opened = session.open(using, datagram, offset)
      if (opened.next <= offset) throw new Error("a record has no length")
      offset = opened.next
      tags.push(opened._tag)
    }
  }
  return tags
}

/** Every tag verifies, so that what is behind it is reached. */
const gullible: Crypto = Object.create(crypto, {
  ccm8Open: {
    value: (_key: unknown, _nonce: unknown, _data: unknown, sealed: Uint8Array) =>
      sealed.length < 8 ? undefined : sealed.slice(0, sealed.length - 8)
  },
  hmacSha256: { value: () => new Uint8Array(32) },
  cbcDecrypt: { value: (_key: unknown, _iv: unknown, ciphertext: Uint8Array) => ciphertext.slice() }
})

const record = (contentType: number, body: Uint8Array): Uint8Array =>
  concatBytes([
    Uint8Array.of(contentType, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, (body.length + 16) >> 8, (body.length + 16) & 0xff),
    new Uint8Array(8),
    body,
    new Uint8Array(8)
  ])

export const fuzzTargets = [
  {
    name: "front-half",
    bytesMax: 2_200,
    seeds: () => honest().flatMap(({ first, last, second }) => [sequence(first, second, last), sequence(first)]),
    run: (input: Uint8Array) => {
      const server = front(new CookieSecrets(new Uint8Array(32)))
      for (const datagram of datagramsOf(input)) {
        const outcome = server.handleDatagram(now, peer, datagram)
        if (outcome._tag === "Reply") {
          // No address is proved here: nobody can have the cookie.
          const sent = outcome.datagrams.reduce((sum, { length }) => sum + length, 0)
          if (sent > datagram.length) throw new Error(`${datagram.length} bytes are answered with ${sent}`)
        }
      }
      if (server.size !== 0) throw new Error("state before the cookie")
    }
  },
  {
    name: "front-half-past-cookie",
    bytesMax: 4_400,
    seeds: () => honest().map(({ first, last, second }) => sequence(first, second, last)),
    run: (input: Uint8Array) => {
      const server = front(new AnyCookie(new Uint8Array(32)))
      for (const datagram of datagramsOf(input)) {
        const outcome = server.handleDatagram(now, peer, datagram)
        if (outcome._tag === "Resume") server.resumeMissed(now, peer)
        if (outcome._tag !== "HandOff") continue
        if (Result.isFailure(PendingHandshake.fromHalf(outcome.half)))
          throw new Error("the actor can't read what was handed off")
      }
      if (server.size > 1) throw new Error("one peer, several handshakes")
    }
  },
  {
    name: "back-half",
    bytesMax: 4_400,
    seeds: () => honest().map(({ half, last }) => sequence(half, last)),
    run: (input: Uint8Array) => {
      const [half, ...datagrams] = datagramsOf(input)
      if (half !== undefined && isFinishedBy(half, datagrams)) throw new Error("established without the key")
    }
  },
  {
    name: "resume-hello",
    bytesMax: 2_200,
    seeds: () =>
      honest().map(({ second }) =>
        concatBytes([
          Uint8Array.of(2, 4, 1, 2, 3, 4, 0, 0, 0, 0, 0, 1, 0, second.length - 13),
          second.subarray(13),
          Uint8Array.of(0, 0)
        ])
      ),
    run: (input: Uint8Array) => {
      const session = Result.getOrThrow(deserializeSession(storedSessions()[0]!))
      const outcome = resumeHandshake({ crypto, hello: input, session })
      if (Result.isSuccess(outcome) && outcome.success._tag === "Resumed") outcome.success.pending.sendFlight(crypto)
    }
  },
  {
    name: "session-state",
    seeds: storedSessions,
    run: (input: Uint8Array) => {
      const session = deserializeSession(input)
      if (Result.isFailure(session)) return
      const written = serializeSession(session.success).slice()
      const again = deserializeSession(written)
      if (Result.isFailure(again)) throw new Error("a session can't be read when it is written")
      if (Buffer.compare(serializeSession(again.success), written) !== 0) throw new Error("another session comes back")
    }
  },
  {
    name: "records",
    bytesMax: 2_200,
    seeds: () =>
      suites.map((_, i) => concatBytes([Uint8Array.of(i), sequence(record(ContentType.application_data, defaultPsk))])),
    run: (input: Uint8Array) => {
      if (openAll(input, crypto).includes("ApplicationData")) throw new Error("data without the key")
    }
  },
  {
    name: "record-contents",
    bytesMax: 2_200,
    seeds: () => [
      concatBytes([Uint8Array.of(0), sequence(record(ContentType.application_data, defaultPsk))]),
      concatBytes([Uint8Array.of(0), sequence(record(ContentType.alert, Uint8Array.of(1, 0)))]),
      concatBytes([Uint8Array.of(0), sequence(record(ContentType.handshake, new Uint8Array(24)))]),
      concatBytes([Uint8Array.of(1), sequence(record(ContentType.tls12_cid, defaultPsk))]),
      concatBytes([Uint8Array.of(2), sequence(record(ContentType.application_data, new Uint8Array(64)))])
    ],
    run: (input: Uint8Array) => void openAll(input, gullible)
  }
]
