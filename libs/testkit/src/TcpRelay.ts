import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net"

/**
 * A way to a TCP server that can be cut. Cut, nothing passes in either direction and nobody is told, as in a network
 * that was split. Whole again, what waited passes.
 */
export class TcpRelay implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #isCut = false

  private constructor(server: Server) {
    this.#server = server
  }

  /** Listens on a free port of 127.0.0.1. */
  static async to(port: number): Promise<TcpRelay> {
    const server = createServer()
    const relay = new TcpRelay(server)
    server.on("connection", (socket) => relay.#join(socket, connect(port, "127.0.0.1")))
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    return relay
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  cut(): void {
    this.#isCut = true
    for (const socket of this.#sockets) socket.pause()
  }

  heal(): void {
    this.#isCut = false
    for (const socket of this.#sockets) socket.resume()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, "close")
  }

  #join(near: Socket, far: Socket): void {
    for (const [from, to] of [
      [near, far],
      [far, near]
    ] as const) {
      from.setNoDelay(true)
      this.#sockets.add(from)
      from.on("data", (bytes) => {
        if (!to.write(bytes)) from.pause()
      })
      to.on("drain", () => {
        if (!this.#isCut) from.resume()
      })
      from.on("error", () => to.destroy())
      from.on("close", () => {
        this.#sockets.delete(from)
        to.destroy()
      })
      if (this.#isCut) from.pause()
    }
  }
}
