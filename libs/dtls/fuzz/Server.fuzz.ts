/**
 * Operation sequences against the whole server: pieces of an honest handshake and session, left out, repeated, reordered,
 * joined, cut and spoilt, from several peers. One seed is one run.
 *
 *     npx node libs/dtls/fuzz/Server.fuzz.ts [first seed] [count]
 */
import { argv } from "node:process"
import { pathToFileURL } from "node:url"
import { ContentType, fragmentHandshake, type HelloExtensions } from "../src/index.ts"
import { concatBytes } from "../src/internal/bytes.ts"
import { lastFlight, makeServer, now, peerOf } from "../test/utils/handshake.ts"
import { ScriptedClient } from "../test/utils/ScriptedClient.ts"
import type { Server } from "../test/utils/Server.ts"

/** Numbers in [0, 1) that depend on the seed alone (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Throws if a rule is broken; returns how many handshakes completed amid the mischief. */
export function fuzzServer(seed: number): number {
  const random = randomOf(seed)
  const below = (bound: number): number => Math.floor(random() * bound)
  const server = makeServer({ echo: true, limits: { peersInHandshakeMax: 4, bytesPerPeerMax: 200 } })
  const peers = ["a", "b", "c"].map(peerOf)
  const honest = peers.map(() => startOver(random))
  for (let step = 0; step < 60; step++) {
    const which = below(peers.length)
    const client = honest[which]!
    let datagram = pieceOf(client, below(9), below)
    if (random() < 0.4) datagram = spoil(datagram, below)
    const times = random() < 0.2 ? 2 : 1
    for (let i = 0; i < times; i++) exchange(server, client, datagram, peers[which]!)
    if (random() < 0.05) honest[which] = startOver(random)
  }
  const established = server.events.filter(({ _tag }) => _tag === "Established").length
  // Whatever happened before: an honest device gets in, at once.
  for (const [i, peer] of peers.entries()) {
    const client = startOver(random)
    honest[i] = client
    client.takeHelloVerifyRequest(server.receive(now, peer, client.hello())[0]!)
    client.takeServerFlight(server.receive(now, peer, client.hello()))
    client.takeServerFinished(server.receive(now, peer, lastFlight(client)))
    server.receive(now, peer, client.data(`proof ${seed}`))
    if (server.received.at(-1) !== `proof ${seed}`) throw new Error("the device got in, but its data did not")
  }
  if (server.front.size !== 0) throw new Error(`${server.front.size} handshakes are left behind`)
  return established
}

function startOver(random: () => number): ScriptedClient {
  const extensions: Partial<HelloExtensions> = {
    extendedMasterSecret: random() < 0.5,
    ...(random() < 0.5 ? { connectionId: new Uint8Array(Math.floor(random() * 10)).fill(1) } : {}),
    ...(random() < 0.3 ? { recordSizeLimit: 64 + Math.floor(random() * 100) } : {})
  }
  return new ScriptedClient({ extensions, cipherSuites: random() < 0.5 ? [0xc0a8] : [0x00ae] })
}

/** Something that an honest client in this state could send, roughly. */
function pieceOf(client: ScriptedClient, choice: number, below: (bound: number) => number): Uint8Array {
  if (choice < 3 || client.serverHello === undefined) return client.hello()
  switch (choice) {
    case 3:
      return client.keyExchange()
    case 4: {
      client.keyExchange()
      const fragments = fragmentHandshake(client.keyExchangeMessage(), 14 + below(20))
      return concatBytes(fragments.map((fragment) => client.plaintext(fragment)))
    }
    case 5:
      return client.changeCipherSpec()
    case 6:
      return client.session === undefined ? client.changeCipherSpec() : client.finished()
    case 7:
      return lastFlight(client)
    default:
      return client.session === undefined
        ? client.plaintext(new Uint8Array(below(30)), ContentType.application_data)
        : client.data("fuzz")
  }
}

function spoil(datagram: Uint8Array, below: (bound: number) => number): Uint8Array {
  const spoilt = datagram.slice()
  switch (below(4)) {
    case 0:
      return spoilt.subarray(0, below(spoilt.length + 1))
    case 1:
      return concatBytes([spoilt, spoilt.subarray(below(spoilt.length))])
    case 2:
      return concatBytes([spoilt.subarray(below(spoilt.length)), spoilt])
    default:
      for (let i = 0; i <= below(4); i++) spoilt[below(spoilt.length)] = below(256)
      return spoilt
  }
}

function exchange(server: Server, client: ScriptedClient, datagram: Uint8Array, peer: ReturnType<typeof peerOf>): void {
  const replies = server.receive(now, peer, datagram)
  const bytes = replies.reduce((sum, reply) => sum + reply.length, 0)
  if (
    client.cookie.length === 0 &&
    bytes > datagram.length &&
    server.sessions.size === 0 &&
    server.pending.size === 0
  ) {
    throw new Error(`${datagram.length} bytes without a cookie were answered with ${bytes}`)
  }
  const [first] = replies
  if (first?.[0] !== ContentType.handshake || first[4] !== 0) return
  // A reply to spoilt bytes may fit no honest client; then it is lost.
  if (first[13] === 3 && client.cookie.length === 0) client.takeHelloVerifyRequest(first)
  else if (first[13] === 2 && client.serverHello === undefined && isHonest(first, client)) {
    client.takeServerFlight(replies)
  }
}

/** The ServerHello answers the message_seq that the client is at. */
function isHonest(flight: Uint8Array, client: ScriptedClient): boolean {
  return flight[18] === client.helloSeq && flight[17] === 0
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  const first = Number(argv[2] ?? 0)
  const count = Number(argv[3] ?? 10_000)
  for (let seed = first; seed < first + count; seed++) {
    try {
      fuzzServer(seed)
    } catch (cause) {
      throw new Error(`seed ${seed}`, { cause })
    }
  }
}
