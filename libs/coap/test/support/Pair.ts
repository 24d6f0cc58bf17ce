import { seededRandom } from "@roost/random"
import {
  ClientExchanges,
  type ClientOutput,
  type ClientOutputs,
  type ClientRequest,
  type ClientSettings,
  defaultClientSettings,
  defaultServerSettings,
  type Outputs,
  type Request,
  type Response,
  ServerExchanges,
  type ServerSettings
} from "../../src/index.ts"

export interface Network {
  /** Of one datagram, 0 to 1. */
  readonly loss: number
  readonly duplication: number
  /** One way; each datagram draws its own, so a spread reorders. */
  readonly latencyMillisMin: number
  readonly latencyMillisMax: number
}

export const calm: Network = { loss: 0, duplication: 0, latencyMillisMin: 50, latencyMillisMax: 50 }

export interface PairOptions {
  readonly seed?: number
  readonly network?: Network
  readonly clientSettings?: ClientSettings
  readonly serverSettings?: ServerSettings
  /** How long the application takes. */
  readonly workMillis?: (request: Request) => number
  readonly application: (request: Request) => Response
}

interface Event {
  readonly at: number
  readonly run: () => void
}

/** A client and a server on a simulated network, a seed and a clock; nothing here waits. */
export class Pair {
  now = 0
  network: Network
  readonly client: ClientExchanges
  readonly server: ServerExchanges
  /** Requests that reached the application, in order. */
  readonly requests: Array<Request> = []
  readonly results: Array<Exclude<ClientOutput, { readonly _tag: "Transmit" | "Ignored" }>> = []
  /** Datagrams that were sent, lost ones included. */
  datagrams = 0
  bytesHeldMax = 0
  readonly #options: PairOptions
  readonly #random: () => number
  readonly #events: Array<Event> = []

  constructor(options: PairOptions) {
    this.#options = options
    this.#random = seededRandom(options.seed ?? 1)
    this.network = options.network ?? calm
    this.client = new ClientExchanges(options.clientSettings ?? defaultClientSettings, this.#random)
    this.server = new ServerExchanges(options.serverSettings ?? defaultServerSettings, this.#random)
  }

  request(request: ClientRequest): void {
    this.#fromClient(this.client.request(this.now, request).outputs)
  }

  /** Until nothing is under way and no timer runs, or `until` is reached. */
  run(until = Infinity): void {
    for (let steps = 0; steps < stepsMax; steps += 1) {
      this.#events.sort((a, b) => a.at - b.at)
      const at = Math.min(
        this.#events[0]?.at ?? Infinity,
        this.client.deadline ?? Infinity,
        this.server.deadline ?? Infinity
      )
      if (at === Infinity || at > until) return
      this.now = Math.max(this.now, at)
      if (this.#events[0]?.at === at) this.#events.shift()!.run()
      if ((this.client.deadline ?? Infinity) <= this.now) this.#fromClient(this.client.handleTimeout(this.now))
      if ((this.server.deadline ?? Infinity) <= this.now) this.#fromServer(this.server.handleTimeout(this.now))
      this.bytesHeldMax = Math.max(this.bytesHeldMax, this.server.bytesHeld)
    }
    throw new Error(`nothing settled after ${stepsMax} steps`)
  }

  #fromClient(outputs: ClientOutputs): void {
    for (const output of outputs) {
      if (output._tag === "Transmit") {
        this.#carry(output.bytes, (bytes) => this.#fromServer(this.server.handleMessage(this.now, bytes)))
      } else if (output._tag !== "Ignored") this.results.push(output)
    }
  }

  #fromServer(outputs: Outputs): void {
    for (const output of outputs) {
      if (output._tag === "Transmit") {
        this.#carry(output.bytes, (bytes) => this.#fromClient(this.client.handleMessage(this.now, bytes)))
      } else if (output._tag === "Request") {
        const { exchange, request } = output
        this.requests.push(request)
        this.#after(this.#options.workMillis?.(request) ?? 0, () =>
          this.#fromServer(this.server.respond(this.now, exchange, this.#options.application(request)))
        )
      }
    }
  }

  #carry(bytes: Uint8Array, deliver: (bytes: Uint8Array) => void): void {
    this.datagrams += 1
    const { loss, duplication, latencyMillisMin, latencyMillisMax } = this.network
    const copies = this.#random() < loss ? 0 : this.#random() < duplication ? 2 : 1
    for (let copy = 0; copy < copies; copy += 1) {
      const own = bytes.slice()
      this.#after(latencyMillisMin + this.#random() * (latencyMillisMax - latencyMillisMin), () => deliver(own))
    }
  }

  #after(millis: number, run: () => void): void {
    this.#events.push({ at: this.now + millis, run })
  }
}

const stepsMax = 100_000
