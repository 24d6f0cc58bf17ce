/**
 * CPU of the server's side, per record and per handshake.
 *
 *     npx node --expose-gc libs/dtls/benchmark/Server.ts
 */
import { dtlsCrypto } from "@roost/dtls-crypto"
import * as Result from "effect/Result"
import { Bench } from "tinybench"
import {
  ContentType,
  CookieSecrets,
  type Crypto,
  deserializeSession,
  FrontHalf,
  PendingHandshake,
  resumeHandshake,
  serializeSession,
  type Session,
  SessionIds,
  TLS_PSK_WITH_AES_128_CBC_SHA256,
  TLS_PSK_WITH_AES_128_CCM_8
} from "../src/index.ts"
import { concatBytes } from "../src/internal/bytes.ts"
import { connect, greet, lastFlight, makeServer, now, peer } from "../test/support/handshake.ts"
import { defaultPsk, ScriptedClient, type ScriptedClientOptions } from "../test/support/ScriptedClient.ts"

/** The same bytes every time: recorded datagrams of a client then fit every run. */
const repeating: Crypto = { ...dtlsCrypto, randomBytes: (length) => new Uint8Array(length).fill(7) }
const bench = new Bench({ time: 1000, warmupTime: 200 })

for (const [name, options] of [
  ["CCM_8", { cipherSuites: [TLS_PSK_WITH_AES_128_CCM_8] }],
  ["CCM_8 with CID", { cipherSuites: [TLS_PSK_WITH_AES_128_CCM_8], extensions: { connectionId: Uint8Array.of(1) } }],
  ["CBC_SHA256", { cipherSuites: [TLS_PSK_WITH_AES_128_CBC_SHA256] }],
  [
    "CBC_SHA256 encrypt-then-MAC",
    { cipherSuites: [TLS_PSK_WITH_AES_128_CBC_SHA256], extensions: { encryptThenMac: true } }
  ]
] as const) {
  addRecords(name, options)
}
addHandshake({ extensions: { connectionId: Uint8Array.of(1) } })
await bench.run()
for (const { name, result } of bench.tasks) {
  if (result.state !== "completed") throw new Error(`${name}: ${result.state}`)
  console.log(`${(result.latency.p50 * 1000).toFixed(1).padStart(8)} µs  ${name}`)
}
measureMemory()

function addRecords(name: string, options: ScriptedClientOptions): void {
  const server = makeServer()
  const client = connect(server, options)
  const session = server.sessions.get(peer.key)!
  const plaintext = new Uint8Array(120).fill(0x61)
  const record = client.seal(ContentType.application_data, plaintext)
  const target = new Uint8Array(session.sealedBytes(plaintext.length))
  bench.add(`open 120 bytes, ${name}`, () => {
    session.highest = -1
    const opened = session.open(dtlsCrypto, record, 0)
    if (opened._tag !== "ApplicationData") throw new Error(opened._tag)
  })
  bench.add(`seal 120 bytes, ${name}`, () => {
    session.sealInto(dtlsCrypto, ContentType.application_data, plaintext, target, 0)
  })
}

function addHandshake(options: ScriptedClientOptions): void {
  const server = makeServer({ crypto: repeating })
  const client = new ScriptedClient(options)
  const first = client.hello()
  client.takeHelloVerifyRequest(server.receive(now, peer, first)[0]!)
  const second = client.hello()
  client.takeServerFlight(server.receive(now, peer, second))
  const third = lastFlight(client)
  const routingKey = new Uint8Array(32).fill(5)
  const front = new FrontHalf({
    crypto: repeating,
    cookieSecrets: new CookieSecrets(routingKey),
    sessionIds: new SessionIds(routingKey)
  })
  let run = 0
  const handOff = () => {
    // Another name for the same address, since a hello that was handed off is not answered twice.
    const renamed = { key: `${peer.key}/${run++}`, address: peer.address }
    front.handleDatagram(now, renamed, second)
    const outcome = front.handleDatagram(now, renamed, third)
    if (outcome._tag !== "HandOff") throw new Error(outcome._tag)
    return outcome.half
  }
  const half = handOff()
  bench.add("front half: ClientHello to HelloVerifyRequest", () => {
    front.handleDatagram(now, peer, first)
  })
  bench.add("front half: ClientHello with cookie to hand-off", handOff)
  bench.add("back half: hand-off to Established", () => {
    const outcome = Result.getOrThrow(PendingHandshake.fromHalf(half)).providePsk(repeating, defaultPsk)
    if (outcome._tag !== "Established") throw new Error(outcome._tag)
  })
  const { session } = client
  bench.add("serialise and restore a session", () => {
    Result.getOrThrow(deserializeSession(serializeSession(session!)))
  })
  addResumption(session!)
}

function addResumption(session: Session): void {
  const server = makeServer({ crypto: repeating })
  const client = new ScriptedClient({ session })
  greet(server, client)
  const resume = server.events.find((event) => event._tag === "Resume")
  if (resume?._tag !== "Resume") throw new Error("expected the session to be asked for")
  const resumed = () => {
    const outcome = Result.getOrThrow(resumeHandshake({ crypto: repeating, hello: resume.hello, session }))
    if (outcome._tag !== "Resumed") throw new Error(outcome._tag)
    return outcome
  }
  client.takeResumption(resumed().reply)
  const finished = concatBytes([client.changeCipherSpec(), client.finished()])
  bench.add("back half: resumption to Established", () => {
    const outcome = resumed().pending.handleDatagram(repeating, now, finished)
    if (outcome._tag !== "Established") throw new Error(outcome._tag)
  })
}

/** Without the last flight, which goes away with the first data. */
function measureMemory(): void {
  if (globalThis.gc === undefined) return
  const state = serializeSession(connect(makeServer()).session!)
  const count = 100_000
  globalThis.gc()
  const before = process.memoryUsage()
  const sessions = Array.from({ length: count }, () => Result.getOrThrow(deserializeSession(state)))
  globalThis.gc()
  const after = process.memoryUsage()
  const heap = Math.round((after.heapUsed - before.heapUsed) / count)
  const external = Math.round((after.arrayBuffers - before.arrayBuffers) / count)
  console.log(`${sessions.length} sessions: ${heap} bytes of heap and ${external} of array buffer each`)
}
