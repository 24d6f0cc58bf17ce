import { nodeCrypto } from "@roost/dtls-crypto"
import { seededRandom } from "@roost/random"
import {
  ContentType,
  fragmentHandshake,
  HandshakeType,
  type Peer,
  TLS_PSK_WITH_AES_128_CBC_SHA256,
  TLS_PSK_WITH_AES_128_CCM_8
} from "../src/index.ts"
import { concatBytes } from "../src/internal/bytes.ts"
import { lastFlight, makeServer, now, peerOf } from "../test/support/handshake.ts"
import { ScriptedClient } from "../test/support/ScriptedClient.ts"
import type { Server } from "../test/support/Server.ts"
import { type Sent, SequenceOracle, watchNonces } from "./SequenceOracle.ts"

/** Datagrams of one sequence. */
const stepsMax = 40
const peersMax = 3

export interface SequenceVariant {
  readonly name: string
  readonly suite: number
  readonly connectionId: boolean
}

export const sequenceVariants: ReadonlyArray<SequenceVariant> = (
  [
    ["CCM_8", TLS_PSK_WITH_AES_128_CCM_8],
    ["CBC_SHA256", TLS_PSK_WITH_AES_128_CBC_SHA256]
  ] as const
).flatMap(([name, suite]) => [
  { name, suite, connectionId: false },
  { name: `${name} with connection ids`, suite, connectionId: true }
])

/**
 * One sequence: clients with the device's key and without it send hellos, cookies, key exchanges, ChangeCipherSpecs, Finished, records
 * of every epoch, alerts and fragments. Each is a piece of an honest exchange, in any order, from any address, changed, cut,
 * joined, and again. The oracle says what the server may make of it. At the end an honest device gets in at once at each address.
 * Throws an anomaly; returns how many handshakes completed amid the mischief. `make` is for planted faults.
 */
export const playSequence = (
  variant: SequenceVariant,
  seed: number,
  make: typeof makeServer = makeServer
): { readonly established: number; readonly datagrams: number } => {
  const random = seededRandom(seed)
  const below = (bound: number): number => Math.floor(random() * bound)
  const server = make({
    echo: true,
    crypto: watchNonces(nodeCrypto),
    limits: { peersInHandshakeMax: 8, bytesPerPeerMax: 200 }
  })
  const peers = Array.from({ length: peersMax }, (_, i) => peerOf(`peer ${i}`))
  const clients: Array<Player> = []
  const facts: Array<{ readonly knowsKey: boolean }> = []
  const join = (knowsKey: boolean): Player => {
    const player = new Player(clients.length, variant, knowsKey, random)
    clients.push(player)
    facts.push({ knowsKey })
    return player
  }
  const oracle = new SequenceOracle(server, facts)
  const atPeer = peers.map(() => join(random() < 0.7))
  const past: Array<Sent> = []
  let datagrams = 0
  const deliver = (peer: Peer, sent: Sent): ReadonlyArray<Uint8Array> => {
    datagrams++
    oracle.sent(peer, sent)
    const replies = server.receive(now, peer, sent.bytes)
    oracle.answered(peer, sent, replies)
    return replies
  }
  for (let step = 0; step < stepsMax; step++) {
    const which = below(peersMax)
    const player = atPeer[which]!
    const isCopy = past.length > 0 && random() < 0.2
    let sent = isCopy ? past[below(past.length)]! : player.piece(below)
    past.push(sent)
    if (random() < 0.25) sent = spoil(sent, past, below)
    // Some are sent from another address, as by somebody who saw them on the way.
    const from = random() < 0.9 ? which : below(peersMax)
    for (let times = random() < 0.2 ? 2 : 1; times > 0; times--) {
      const replies = deliver(peers[from]!, sent)
      if (from === which && !isCopy && sent.intact) player.hear(replies)
    }
    if (random() < 0.06) atPeer[which] = join(random() < 0.7)
  }
  for (const peer of peers) {
    const honest = join(true)
    honest.hear(deliver(peer, honest.hello()))
    honest.hear(deliver(peer, honest.hello()))
    deliver(peer, honest.lastFlight())
    const proof = honest.data()
    deliver(peer, proof)
    if (server.received.at(-1) !== proof.texts[0]) throw new Error("anomaly: an honest device is kept out")
  }
  checkBounds(server)
  return { established: oracle.established, datagrams }
}

const checkBounds = (server: Server): void => {
  if (server.front.size > 8) throw new Error(`anomaly: ${server.front.size} handshakes are kept of at most 8`)
}

/** A client with what the oracle has to know of each datagram. */
class Player {
  readonly number: number
  readonly #client: ScriptedClient
  #texts = 0

  constructor(number: number, variant: SequenceVariant, knowsKey: boolean, random: () => number) {
    this.number = number
    this.#client = new ScriptedClient({
      cipherSuites: [variant.suite],
      extensions: {
        extendedMasterSecret: random() < 0.7,
        encryptThenMac: random() < 0.5,
        ...(variant.connectionId ? { connectionId: Uint8Array.of(1, 2, 3) } : {}),
        ...(random() < 0.2 ? { recordSizeLimit: 64 + Math.floor(random() * 400) } : {})
      },
      ...(knowsKey ? {} : { psk: new Uint8Array(16).fill(0x13) })
    })
  }

  /** Takes what an honest client would take; the rest is lost on it. */
  hear(replies: ReadonlyArray<Uint8Array>): void {
    const client = this.#client
    const [first] = replies
    if (first?.[0] !== ContentType.handshake || first[4] !== 0) return
    if (first[13] === HandshakeType.hello_verify_request && client.cookie.length === 0)
      client.takeHelloVerifyRequest(first)
    else if (
      first[13] === HandshakeType.server_hello &&
      client.serverHello === undefined &&
      first[17] === 0 &&
      first[18] === client.helloSeq
    ) {
      client.takeServerFlight(replies)
    }
  }

  hello(): Sent {
    return this.#sent(this.#client.hello(), { cookies: [Buffer.from(this.#client.cookie).toString("hex")] })
  }

  lastFlight(): Sent {
    return this.#sent(lastFlight(this.#client), { finishedBy: [this.number] })
  }

  data(): Sent {
    const text = `${this.number} ${this.#texts++}`
    return this.#sent(this.#client.data(text), { texts: [text] })
  }

  /** Something that an honest client could send at some time, mostly out of place. */
  piece(below: (bound: number) => number): Sent {
    const client = this.#client
    const choice = below(14)
    if (choice < 4 || client.serverHello === undefined) return choice === 13 ? this.#junk(below) : this.hello()
    switch (choice) {
      case 4:
        return this.#sent(client.keyExchange())
      case 5: {
        client.keyExchange()
        const fragments = fragmentHandshake(client.keyExchangeMessage(), 14 + below(20))
        const records = fragments.map((fragment) => client.plaintext(fragment))
        return this.#sent(concatBytes(below(2) === 0 ? records : records.toReversed()))
      }
      case 6:
        return this.#sent(client.changeCipherSpec())
      case 7:
        return client.session === undefined
          ? this.#sent(client.changeCipherSpec())
          : this.#sent(client.finished(), { finishedBy: [this.number] })
      case 8:
      case 9:
        return this.lastFlight()
      case 10: {
        if (client.session === undefined) return this.hello()
        const closes = below(4) === 0
        const alert = closes ? Uint8Array.of(1 + below(2), below(2) * 40) : Uint8Array.of(1, 90)
        return this.#sent(client.seal(ContentType.alert, alert), { closedBy: closes ? this.number : undefined })
      }
      case 11:
        return this.#sent(client.plaintext(Uint8Array.of(2, 40), ContentType.alert))
      case 12:
        return this.#junk(below)
      default:
        return client.session === undefined ? this.hello() : this.data()
    }
  }

  #junk(below: (bound: number) => number): Sent {
    const types = [
      ContentType.application_data,
      ContentType.alert,
      ContentType.handshake,
      ContentType.tls12_cid,
      22,
      99
    ]
    const record = this.#client.plaintext(
      Uint8Array.from({ length: below(40) }, () => below(256)),
      types[below(types.length)]!
    )
    // The epoch: 0, 1, 2 or far away.
    record[3] = below(4) === 0 ? 255 : 0
    record[4] = below(3)
    return this.#sent(record)
  }

  #sent(bytes: Uint8Array, more: Partial<Sent> = {}): Sent {
    return { bytes, intact: true, cookies: [], finishedBy: [], texts: [], closedBy: undefined, ...more }
  }
}

/** Cut, joined with itself or another, or with octets changed. Whole records in it may still count: it keeps them. */
const spoil = (sent: Sent, past: ReadonlyArray<Sent>, below: (bound: number) => number): Sent => {
  const { bytes } = sent
  const other = past[below(past.length)]!
  switch (below(5)) {
    case 0:
      return { ...sent, bytes: bytes.subarray(0, below(bytes.length + 1)), intact: false }
    case 1:
      return joined(sent, sent)
    case 2:
      return joined(sent, other)
    case 3:
      return joined(other, sent)
    default: {
      const spoilt = bytes.slice()
      for (let i = 0; i <= below(4); i++) spoilt[below(spoilt.length)] = below(256)
      return { ...sent, bytes: spoilt, intact: false }
    }
  }
}

/** Two datagrams in one: both may count. */
const joined = (one: Sent, other: Sent): Sent => ({
  bytes: concatBytes([one.bytes, other.bytes]),
  intact: one.intact && other.intact,
  cookies: [...one.cookies, ...other.cookies],
  finishedBy: [...one.finishedBy, ...other.finishedBy],
  texts: [...one.texts, ...other.texts],
  closedBy: one.closedBy ?? other.closedBy
})
