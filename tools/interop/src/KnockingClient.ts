import { Client } from "@roost/dtls"
import { dtlsCrypto } from "@roost/dtls-crypto"
import { createSocket, type Socket } from "node:dgram"

export interface KnockingOptions {
  readonly port: number
  /** Of PSK; any bytes. */
  readonly identity: Uint8Array
  readonly psk: Uint8Array
  /** Changes each datagram before it goes out. */
  readonly edit?: (datagram: Uint8Array) => Uint8Array
}

/** A client that shakes hands with whatever identity and key it is given, and goes on for as long as nobody closes it. */
export class KnockingClient implements Disposable {
  readonly #socket: Socket
  readonly #client: Client
  readonly #options: KnockingOptions

  constructor(options: KnockingOptions) {
    const { identity, psk } = options
    this.#options = options
    this.#socket = createSocket("udp4")
    this.#client = new Client({ crypto: dtlsCrypto, identity, psk })
    this.#socket.on("message", (datagram) =>
      this.#send(this.#client.handleDatagram(Date.now(), new Uint8Array(datagram)))
    )
  }

  /** Its address and port, once it has sent its first datagram. */
  async knock(): Promise<string> {
    await new Promise<void>((bound) => this.#socket.bind(0, "127.0.0.1", bound))
    this.#send(this.#client.start(Date.now()))
    return `127.0.0.1:${this.#socket.address().port}`
  }

  [Symbol.dispose](): void {
    this.#socket.close()
  }

  #send(outputs: ReturnType<Client["start"]>): void {
    const { edit = (datagram) => datagram, port } = this.#options
    for (const output of outputs) {
      if (output._tag === "Transmit") this.#socket.send(edit(output.datagram), port, "127.0.0.1")
    }
  }
}
