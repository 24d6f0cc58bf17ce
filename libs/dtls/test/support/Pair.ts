import { nodeCrypto } from "@roost/dtls-crypto"
import * as Result from "effect/Result"
import { Client, type ClientOptions, type ClientOutput, type Session } from "../../src/index.ts"
import { defaultIdentity, defaultPsk } from "./ScriptedClient.ts"
import { Server } from "./Server.ts"

export interface PairOptions {
  readonly client?: Partial<ClientOptions>
  readonly server?: Server
  /** Share of datagrams that are lost, 0–1. Above 0 there are duplicates and another order too. */
  readonly loss?: number
  readonly seed?: number
  /** The server's key, if it shall be another than the client's. */
  readonly psk?: Uint8Array
  /** True for a datagram that never arrives. */
  readonly drops?: (toServer: boolean, datagram: Uint8Array) => boolean
}

export const latencyMillis = 50
export const startMillis = 1_000_000

const peer = { key: "peer", address: Uint8Array.of(4, 127, 0, 0, 1, 1, 2) }
const duplicates = 0.1
const sayAgainMillis = 2000

/** A client and a server with a network between them that loses, repeats and reorders by a seed. Simulated time. */
export class Pair {
  readonly server: Server
  readonly client: Client
  readonly outputs: Array<ClientOutput> = []
  now = startMillis
  readonly #options: PairOptions
  readonly #wire: Array<{ at: number; toServer: boolean; datagram: Uint8Array }> = []
  #seed: number

  constructor(options: PairOptions = {}) {
    this.server = options.server ?? new Server({ pskOf: () => options.psk ?? defaultPsk, echo: true })
    this.client = new Client({
      crypto: nodeCrypto,
      identity: new TextEncoder().encode(defaultIdentity),
      psk: defaultPsk,
      connectionId: new Uint8Array(0),
      ...options.client
    })
    this.#options = options
    this.#seed = options.seed ?? 1
  }

  get connected(): Extract<ClientOutput, { _tag: "Connected" }> | undefined {
    return this.outputs.find((output) => output._tag === "Connected")
  }

  get closed(): Extract<ClientOutput, { _tag: "Closed" }> | undefined {
    return this.outputs.find((output) => output._tag === "Closed")
  }

  get session(): Session {
    return this.client.session!
  }

  get echoes(): ReadonlyArray<string> {
    return this.outputs.flatMap((output) =>
      output._tag === "Data" ? [new TextDecoder().decode(output.plaintext)] : []
    )
  }

  /** The client's datagrams, in order. */
  get flights(): ReadonlyArray<string> {
    return this.outputs.flatMap((output) =>
      output._tag === "Transmit"
        ? [output.transmission === 1 ? output.flight : `${output.flight} #${output.transmission}`]
        : []
    )
  }

  /** Until the client is connected or has given up. */
  connect(millisMax = 600_000): this {
    this.take(this.client.start(this.now))
    return this.run(() => this.connected !== undefined || this.closed !== undefined, millisMax)
  }

  /** Says `text` until it comes back, as CoAP would. */
  exchange(text: string, millisMax = 600_000): boolean {
    const end = this.now + millisMax
    while (!this.echoes.includes(text) && this.now < end) {
      this.send(text)
      this.run(() => this.echoes.includes(text), sayAgainMillis)
    }
    return this.echoes.includes(text)
  }

  send(text: string): void {
    this.#put(true, Result.getOrThrow(this.client.send(new TextEncoder().encode(text))))
  }

  run(until: () => boolean, millisMax: number): this {
    const end = this.now + millisMax
    while (!until() && this.now < end) {
      this.#wire.sort((a, b) => a.at - b.at)
      this.now = Math.max(this.now, Math.min(this.#wire[0]?.at ?? end, this.client.deadline ?? end, end))
      const due = this.#wire[0]
      if (due === undefined || due.at > this.now) {
        this.take(this.client.handleTimeout(this.now))
        continue
      }
      this.#wire.shift()
      if (due.toServer) for (const reply of this.server.receive(this.now, peer, due.datagram)) this.#put(false, reply)
      else this.take(this.client.handleDatagram(this.now, due.datagram))
    }
    return this
  }

  take(outputs: ReadonlyArray<ClientOutput>): void {
    for (const output of outputs) {
      this.outputs.push(output)
      if (output._tag === "Transmit") this.#put(true, output.datagram)
    }
  }

  /** The next number of the seed, 0 inclusive to 1 exclusive. */
  random(): number {
    this.#seed = (this.#seed * 48_271) % 2_147_483_647
    return this.#seed / 2_147_483_647
  }

  #put(toServer: boolean, datagram: Uint8Array): void {
    const { drops, loss = 0 } = this.#options
    if (drops?.(toServer, datagram) === true || this.random() < loss) return
    const copies = loss > 0 && this.random() < duplicates ? 2 : 1
    for (let i = 0; i < copies; i++) {
      const jitterMillis = loss > 0 ? this.random() * 4 * latencyMillis : 0
      this.#wire.push({ at: this.now + latencyMillis + jitterMillis, toServer, datagram: datagram.slice() })
    }
  }
}
