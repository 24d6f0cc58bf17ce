import { ClientExchanges, type ClientRequest, type ClientResponse, defaultClientSettings, encode } from "@roost/coap"
import type { PeerAddress } from "@roost/contracts"
import { Client, type ClientOptions } from "@roost/dtls"
import { dtlsCrypto } from "@roost/dtls-crypto"
import { pskFromSecret } from "@roost/enos"
import * as Result from "effect/Result"

/** Time, and the way to the edge. */
export interface Network {
  readonly now: number
  /** A datagram from anywhere. */
  readonly receive: (peer: PeerAddress, datagram: Uint8Array) => void
}

export interface SimulatedDeviceOptions extends Partial<ClientOptions> {
  /** In seconds, as the PSK identity says it. */
  readonly lifetime?: number
  readonly secret?: string
}

/** A device without a clock or a socket of its own. */
export class SimulatedDevice {
  readonly deviceKey: string
  peer: PeerAddress
  readonly client: Client
  exchanges = new ClientExchanges(defaultClientSettings, () => 0.25)
  readonly responses: Array<ClientResponse> = []
  /** Datagrams that it sent. */
  readonly sent: Array<Uint8Array> = []
  readonly received: Array<Uint8Array> = []
  connected = false
  /** Datagrams to the device are lost while set. */
  deaf = false
  readonly #network: Network

  constructor(network: Network, deviceKey: string, peer: PeerAddress, options: SimulatedDeviceOptions) {
    this.#network = network
    this.deviceKey = deviceKey
    this.peer = peer
    this.client = new Client({
      crypto: dtlsCrypto,
      identity: new TextEncoder().encode(`pk1,${deviceKey},2,${options.lifetime ?? 60}`),
      psk: pskFromSecret(options.secret ?? `secret of ${deviceKey}`),
      connectionId: new Uint8Array(0),
      ...options
    })
  }

  connect(): this {
    for (const output of this.client.start(this.#network.now))
      if (output._tag === "Transmit") this.transmit(output.datagram)
    return this
  }

  /** The microcontroller boots while the modem keeps the session. With the same `random` it says the same as after its first boot. */
  reboot(random: number): void {
    const { messageBytesMax } = this.exchanges
    this.exchanges = new ClientExchanges(defaultClientSettings, () => random)
    this.exchanges.messageBytesMax = messageBytesMax
  }

  /** Sends a request; its response, if one came at once. */
  request(request: ClientRequest): ClientResponse | undefined {
    const before = this.responses.length
    for (const output of this.exchanges.request(this.#network.now, request).outputs) {
      if (output._tag === "Transmit") this.transmit(Result.getOrThrow(this.client.send(output.bytes)))
    }
    return this.responses[before]
  }

  /** The datagram of a request that somebody else carries. */
  requestDatagram(request: ClientRequest): Uint8Array {
    const { code, options, payload } = request
    const messageId = 0x8000 + this.#carriedElsewhere++
    const token = Uint8Array.of(messageId >> 8, messageId & 0xff)
    const message = encode({ type: "CON", code, messageId, token, options, payload })
    return Result.getOrThrow(this.client.send(message))
  }
  #carriedElsewhere = 0

  transmit(datagram: Uint8Array): void {
    this.sent.push(datagram)
    this.#network.receive(this.peer, datagram)
  }

  receive(datagram: Uint8Array): void {
    if (this.deaf) return
    this.received.push(datagram)
    for (const output of this.client.handleDatagram(this.#network.now, datagram)) {
      if (output._tag === "Transmit") this.transmit(output.datagram)
      else if (output._tag === "Connected") {
        this.connected = true
        this.exchanges.messageBytesMax = output.session.writeBytesMax
      } else if (output._tag === "Data") {
        for (const result of this.exchanges.handleMessage(this.#network.now, output.plaintext)) {
          if (result._tag === "Response") this.responses.push(result.response)
          else if (result._tag === "Transmit") this.transmit(Result.getOrThrow(this.client.send(result.bytes)))
        }
      }
    }
  }
}
