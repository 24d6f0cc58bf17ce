import { createSocket } from "node:dgram"

/** A server without DTLS on a free port of 127.0.0.1: each request comes back as an acknowledgement with 2.04. */
export class EchoServer implements Disposable {
  readonly #socket = createSocket("udp4")
  /** How many requests came from each `address:port`. */
  readonly requestsFrom = new Map<string, number>()
  requests = 0
  /** Hears requests and does not answer. */
  isSilent = false

  constructor() {
    this.#socket.bindSync({ address: "127.0.0.1", port: 0 })
    this.#socket.on("message", (datagram, { address, port }) => {
      this.requests++
      const from = `${address}:${port}`
      this.requestsFrom.set(from, (this.requestsFrom.get(from) ?? 0) + 1)
      if (this.isSilent) return
      datagram[0] = (datagram[0]! & 0x0f) | 0x60
      datagram[1] = 0x44
      this.#socket.send(datagram, port, address)
    })
  }

  get port(): number {
    return this.#socket.address().port
  }

  [Symbol.dispose](): void {
    this.#socket.close()
  }
}
