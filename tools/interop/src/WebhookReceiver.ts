import { once } from "node:events"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"

/** A webhook's receiver on this machine, which takes every delivery and keeps it. */
export class WebhookReceiver implements Disposable {
  /** Of the requests, in the order in which they came. */
  readonly bodies: Array<string> = []
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => {
      let body = ""
      request.setEncoding("utf8")
      request.on("data", (text: string) => (body += text))
      request.on("end", () => {
        this.bodies.push(body)
        response.writeHead(204).end()
      })
    })
  }

  static async start(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver()
    receiver.#server.listen(0, "127.0.0.1")
    await once(receiver.#server, "listening")
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  [Symbol.dispose](): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}
