import { assert, describe, it } from "@effect/vitest"
import { nodeCrypto } from "@roost/dtls-crypto"
import * as Result from "effect/Result"
import {
  Client,
  type ClientOptions,
  type ClientOutput,
  type Session,
  TLS_PSK_WITH_AES_128_CBC_SHA256,
  TLS_PSK_WITH_AES_128_CCM_8
} from "../src/index.ts"
import { Server } from "./utils/Server.ts"

const psk = Uint8Array.from({ length: 16 }, (_, i) => i)
const identity = new TextEncoder().encode("pk1,dev1,2,300")
const peer = { key: "peer", address: Uint8Array.of(4, 127, 0, 0, 1, 1, 2) }
const latencyMillis = 50

/** A client and a server with a network between them that loses, repeats and reorders by a seed. Simulated time. */
class Pair {
  readonly server: Server
  readonly client: Client
  readonly outputs: Array<ClientOutput> = []
  now = 1_000_000
  readonly #loss: number
  readonly #wire: Array<{ at: number; toServer: boolean; datagram: Uint8Array }> = []
  #seed: number

  constructor(options: {
    client?: Partial<ClientOptions>
    server?: Server
    loss?: number
    seed?: number
    key?: Uint8Array
  }) {
    this.server = options.server ?? new Server({ pskOf: () => options.key ?? psk, echo: true })
    this.client = new Client({ crypto: nodeCrypto, identity, psk, connectionId: new Uint8Array(0), ...options.client })
    this.#loss = options.loss ?? 0
    this.#seed = options.seed ?? 1
  }

  get connected(): boolean {
    return this.outputs.some((output) => output._tag === "Connected")
  }

  get session(): Session {
    return this.client.session!
  }

  random(): number {
    this.#seed = (this.#seed * 48_271) % 2_147_483_647
    return this.#seed / 2_147_483_647
  }

  run(until: () => boolean, millisMax = 120_000): this {
    if (this.outputs.length === 0) this.take(this.client.start(this.now))
    const end = this.now + millisMax
    while (!until() && this.now < end) {
      this.#wire.sort((a, b) => a.at - b.at)
      const next = Math.min(this.#wire[0]?.at ?? end, this.client.deadline ?? end)
      this.now = Math.max(this.now, next)
      const due = this.#wire[0]
      if (due !== undefined && due.at <= this.now) {
        this.#wire.shift()
        if (due.toServer) for (const reply of this.server.receive(this.now, peer, due.datagram)) this.#put(false, reply)
        else this.take(this.client.handleDatagram(this.now, due.datagram))
      } else {
        this.take(this.client.handleTimeout(this.now))
      }
    }
    return this
  }

  take(outputs: ReadonlyArray<ClientOutput>): void {
    for (const output of outputs) {
      this.outputs.push(output)
      if (output._tag === "Transmit") this.#put(true, output.datagram)
    }
  }

  send(text: string): void {
    this.#put(true, Result.getOrThrow(this.client.send(new TextEncoder().encode(text))))
  }

  get echoes(): ReadonlyArray<string> {
    return this.outputs.flatMap((output) =>
      output._tag === "Data" ? [new TextDecoder().decode(output.plaintext)] : []
    )
  }

  #put(toServer: boolean, datagram: Uint8Array): void {
    const copies = this.random() < this.#loss ? 0 : this.#loss > 0 && this.random() < 0.1 ? 2 : 1
    for (let i = 0; i < copies; i++) {
      const jitter = this.#loss > 0 ? this.random() * 4 * latencyMillis : 0
      this.#wire.push({ at: this.now + latencyMillis + jitter, toServer, datagram: datagram.slice() })
    }
  }
}

const connect = (pair: Pair): Pair => pair.run(() => pair.connected)
const exchange = (pair: Pair, text: string): void => {
  pair.send(text)
  pair.run(() => pair.echoes.includes(text), 1000)
  assert.include(pair.echoes, text)
}

describe("Client", () => {
  for (const suite of [TLS_PSK_WITH_AES_128_CCM_8, TLS_PSK_WITH_AES_128_CBC_SHA256] as const) {
    for (const extendedMasterSecret of [true, false]) {
      for (const encryptThenMac of [true, false]) {
        for (const connectionId of [undefined, new Uint8Array(0), Uint8Array.of(1, 2, 3, 4, 5)]) {
          const cid = connectionId === undefined ? "no" : String(connectionId.length)
          it(`connects: suite ${suite.toString(16)}, EMS ${extendedMasterSecret}, EtM ${encryptThenMac}, CID ${cid}`, () => {
            const client = { suites: [suite], extendedMasterSecret, encryptThenMac, connectionId }
            const pair = connect(new Pair({ client }))
            assert.strictEqual(pair.session.extendedMasterSecret, extendedMasterSecret)
            assert.strictEqual(pair.session.encryptThenMac, encryptThenMac && suite === TLS_PSK_WITH_AES_128_CBC_SHA256)
            assert.strictEqual(pair.session.writeCid.length, connectionId === undefined ? 0 : 8)
            exchange(pair, "hello")
          })
        }
      }
    }
  }

  for (const loss of [0.1, 0.2, 0.5]) {
    it(`R5 connects under ${loss * 100} % loss, duplication and reordering, twenty seeds`, () => {
      for (let seed = 1; seed <= 20; seed++) {
        const timing = { initialMillis: 1000, maxMillis: 8000, transmissionsMax: 30 }
        const pair = new Pair({ client: { timing }, loss, seed: seed * 7919 })
        pair.run(() => pair.connected, 600_000)
        assert.isTrue(pair.connected, `seed ${seed}`)
      }
    })
  }

  it("F5 gets no answer to a ClientHello in fragments, and 45 connects under max_fragment_length 512", () => {
    const pair = connect(new Pair({ client: { datagramBytesMax: 48 } }))
    assert.isFalse(pair.connected)
    exchange(connect(new Pair({ client: { maxFragmentLength: 512 } })), "x")
  })

  it("30 resumes, with new keys, and the server's Finished repeated is answered again", () => {
    const server = new Server({ pskOf: () => psk, echo: true })
    const first = connect(new Pair({ server }))
    const second = connect(new Pair({ server, client: { resume: first.session } }))
    assert.isTrue(second.outputs.some((output) => output._tag === "Connected" && output.resumed))
    assert.notDeepEqual(second.session.writeKeys.key, first.session.writeKeys.key)
    exchange(second, "resumed")
  })

  it("handshakes in full where the server has forgotten the session", () => {
    const first = connect(new Pair({}))
    const second = connect(new Pair({ client: { resume: first.session } }))
    assert.isTrue(second.outputs.some((output) => output._tag === "Connected" && !output.resumed))
    exchange(second, "full")
  })

  it("F21 hears nothing with a wrong key and gives up by itself", () => {
    const timing = { initialMillis: 1000, maxMillis: 60_000, transmissionsMax: 4 }
    const pair = new Pair({ client: { timing }, key: new Uint8Array(16) })
    pair.run(() => pair.outputs.some((output) => output._tag === "Closed"))
    const closed = pair.outputs.at(-1)!
    assert.isTrue(closed._tag === "Closed" && closed.by === "timeout")
    assert.strictEqual(pair.now - 1_000_000, 2 * latencyMillis * 2 + 1000 + 2000 + 4000 + 8000)
  })

  it("28 ends by close_notify from either side", () => {
    const pair = connect(new Pair({}))
    pair.take(pair.client.close())
    pair.run(() => false, 1000)
    assert.isTrue(pair.server.events.some((event) => event._tag === "Closed"))
    assert.isTrue(Result.isFailure(pair.client.send(new Uint8Array(1))))
  })

  it("F6, F18 survives noise and mutated server flights", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const pair = new Pair({ seed: seed * 104_729 })
      pair.take(pair.client.start(pair.now))
      const noise = Uint8Array.from({ length: 60 }, () => Math.floor(pair.random() * 256))
      noise[0] = 20 + (seed % 6)
      noise[1] = 0xfe
      noise[2] = 0xfd
      pair.client.handleDatagram(pair.now, noise)
    }
  })
})
